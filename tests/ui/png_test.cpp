// SPDX-License-Identifier: GPL-3.0-or-later
// Screenshots: what was written is what a reader sees, and failures leave nothing behind.
#include <QDir>
#include <QImage>
#include <QTemporaryDir>
#include <QTest>

#include "display/core/png.h"

using display::core::writePng;
using vmm::console::Frame;

class PngTest : public QObject {
    Q_OBJECT
private slots:
    void roundTrip();
    void replacesAnOlderPicture();
    void refusesWhatIsNoPicture();
    void saysWhyAndLeavesNothing();
};

namespace {

Frame picture(int width, int height)
{
    Frame frame{width, height, {}};
    for (int i = 0; i < width * height; ++i)
        frame.pixels.push_back(0xff000000U | static_cast<uint32_t>(i * 2654435761U) >> 8);
    return frame;
}

} // namespace

void PngTest::roundTrip()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("a picture.png"));
    const Frame frame = picture(37, 19);
    QVERIFY(writePng(frame, path.toStdString()).has_value());
    const QImage read(path);
    QCOMPARE(read.size(), QSize(37, 19));
    for (int y = 0; y < 19; ++y) {
        for (int x = 0; x < 37; ++x)
            QCOMPARE(read.pixel(x, y), frame.pixels[static_cast<size_t>(y * 37 + x)]);
    }
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files).size(), 1);
}

void PngTest::replacesAnOlderPicture()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("p.png"));
    QVERIFY(writePng(picture(8, 8), path.toStdString()).has_value());
    QVERIFY(writePng(picture(16, 4), path.toStdString()).has_value());
    QCOMPARE(QImage(path).size(), QSize(16, 4));
}

void PngTest::refusesWhatIsNoPicture()
{
    const QTemporaryDir folder;
    const std::string path = folder.filePath(QStringLiteral("p.png")).toStdString();
    Frame torn = picture(8, 8);
    torn.pixels.resize(10);
    QVERIFY(!writePng(Frame{}, path));
    QVERIFY(!writePng(torn, path));
    QVERIFY(!writePng(Frame{-1, -1, {0}}, path));
    QVERIFY(QDir(folder.path()).isEmpty());
}

void PngTest::saysWhyAndLeavesNothing()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("missing/p.png"));
    const auto result = writePng(picture(8, 8), path.toStdString());
    QVERIFY(!result);
    QVERIFY(result.error().sentence().find("missing/p.png") != std::string::npos);
    // A folder stands where the picture should go: the rename fails, the part file goes away.
    QVERIFY(QDir(folder.path()).mkdir(QStringLiteral("folder.png")));
    QVERIFY(!writePng(picture(8, 8), folder.filePath(QStringLiteral("folder.png")).toStdString()));
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files).size(), 0);
}

QTEST_GUILESS_MAIN(PngTest)
#include "png_test.moc"
