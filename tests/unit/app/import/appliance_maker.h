// SPDX-License-Identifier: GPL-3.0-or-later
// Images and appliances made at test time.
#pragma once

#include <QByteArray>
#include <QCryptographicHash>
#include <QFile>
#include <QList>
#include <QProcess>
#include <QString>
#include <QStringList>
#include <QTest>

/// Runs a program to its end; whether it liked it.
inline bool runProgram(const QString& program, const QStringList& arguments,
                       const QString& folder = {})
{
    QProcess process;
    if (!folder.isEmpty())
        process.setWorkingDirectory(folder);
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(program, arguments);
    const bool good = process.waitForFinished(60000) && process.exitCode() == 0;
    if (!good)
        qWarning().noquote() << program << arguments << process.readAll() << process.errorString();
    return good;
}

inline QByteArray contentOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

inline bool writeFile(const QString& path, const QByteArray& content)
{
    QFile file(path);
    return file.open(QIODevice::WriteOnly) && file.write(content) == content.size();
}

/// A disk of `mebibytes` with something at its start, in its middle and at its end.
inline QByteArray diskContent(int mebibytes, char mark)
{
    QByteArray disk(qsizetype{mebibytes} << 20, '\0');
    for (const qsizetype at : {qsizetype{0}, disk.size() / 2, disk.size() - 512})
        for (int i = 0; i < 512; ++i)
            disk[at + i] = static_cast<char>(mark + i % 7);
    return disk;
}

/// One member of a tar archive (POSIX.1-1988 ustar).
struct TarMember {
    QByteArray name;
    QByteArray content;
    char type = '0';
    QByteArray link = {};
};

inline QByteArray tarOf(const QList<TarMember>& members)
{
    QByteArray archive;
    for (const TarMember& member : members) {
        QByteArray header(512, '\0');
        const auto put = [&header](qsizetype at, const QByteArray& text) {
            header.replace(at, text.size(), text);
        };
        put(0, member.name.left(100));
        put(100, "0000644");
        put(108, "0000000");
        put(116, "0000000");
        put(124, QByteArray::number(member.content.size(), 8).rightJustified(11, '0'));
        put(136, "00000000000");
        put(148, "        ");
        header[156] = member.type;
        put(157, member.link);
        put(257, QByteArray("ustar\0"
                            "00",
                            8));
        unsigned sum = 0;
        for (const char byte : header)
            sum += static_cast<unsigned char>(byte);
        put(148, QByteArray::number(sum, 8).rightJustified(6, '0') + QByteArray("\0 ", 2));
        archive += header + member.content;
        archive += QByteArray((512 - member.content.size() % 512) % 512, '\0');
    }
    return archive + QByteArray(1024, '\0');
}

/// A line of a manifest.
inline QByteArray sumLine(const QByteArray& name, const QByteArray& content,
                          QCryptographicHash::Algorithm algorithm = QCryptographicHash::Sha256,
                          const QByteArray& word = "SHA256")
{
    return word + '(' + name + ")= " + QCryptographicHash::hash(content, algorithm).toHex() + '\n';
}
