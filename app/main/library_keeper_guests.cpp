// SPDX-License-Identifier: GPL-3.0-or-later
// LibraryKeeper and running machines: starting, telling, watching, and noticing how they end.
#include <QBuffer>
#include <QFile>
#include <QImageReader>

#include "app/main/library_keeper.h"

namespace app::main {

using library::Bundle;
using ui::models::MachineLoad;
using ui::models::MachineState;

namespace {

constexpr uint kThumbnailWidth = 480;        // pixels: a card on a screen of twice the density
constexpr qsizetype kMaxThumbnail = 8 << 20; // bytes of a PNG file
constexpr QSize kMaxPicture(8192, 8192);
constexpr int kLoadNumbers = 6;

/// A picture out of hostile data, not wider than a thumbnail. Null when it is none.
QImage readPicture(QIODevice& device)
{
    QImageReader reader(&device, "png");
    const QSize size = reader.size();
    if (!size.isValid() || size.boundedTo(kMaxPicture) != size)
        return {};
    QImage picture = reader.read();
    if (picture.width() > static_cast<int>(kThumbnailWidth))
        picture = picture.scaledToWidth(kThumbnailWidth, Qt::SmoothTransformation);
    return picture;
}

QImage readPictureFile(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) && file.size() <= kMaxThumbnail ? readPicture(file)
                                                                          : QImage();
}

QImage readPictureBytes(QByteArray bytes)
{
    QBuffer buffer(&bytes);
    return bytes.size() <= kMaxThumbnail && buffer.open(QIODevice::ReadOnly) ? readPicture(buffer)
                                                                             : QImage();
}

} // namespace

void LibraryKeeper::open(const QString& id)
{
    if (m_guests.present(id))
        return tell(id, QStringLiteral("Present"));
    if (m_machines.contains(id) && m_machines[id].shelf && !m_launcher.running(id))
        launch(id);
}

void LibraryKeeper::launch(const QString& id)
{
    Machine& machine = m_machines[id];
    if (const std::string& problem = machine.shelf->entry.problem; !problem.empty()) {
        emit notice(QString::fromStdString(problem), id);
        return;
    }
    machine.trouble.clear();
    machine.seenOnBus = false;
    machine.judge = false;
    if (const auto started = m_launcher.start(id, machine.shelf->entry.bundle.string()); !started)
        fail(id, QString::fromStdString(started.error().sentence()));
    update(id);
}

void LibraryKeeper::pause(const QString& id)
{
    tell(id, QStringLiteral("Pause"));
}

void LibraryKeeper::resume(const QString& id)
{
    tell(id, QStringLiteral("Resume"));
}

void LibraryKeeper::restart(const QString& id)
{
    tell(id, QStringLiteral("Reset"));
}

void LibraryKeeper::suspend(const QString& id)
{
    tell(id, QStringLiteral("Suspend"));
}

void LibraryKeeper::shutDown(const QString& id)
{
    tell(id, QStringLiteral("PowerDown"));
}

/// A process that has not reached the bus yet, or cannot, hears a signal.
void LibraryKeeper::forceOff(const QString& id)
{
    if (m_guests.present(id))
        return tell(id, QStringLiteral("Quit"));
    if (!m_launcher.terminate(id))
        tell(id, QStringLiteral("Quit"));
}

void LibraryKeeper::tell(const QString& id, const QString& method, const QVariantList& arguments)
{
    if (!m_guests.present(id)) {
        if (stateOf(id, m_machines.value(id)) == MachineState::Running)
            emit notice(tr("This machine runs without a connection to this session, so it can only "
                           "be controlled in its own window."),
                        id);
        return;
    }
    m_guests.call(id, method, arguments, [this, id](const QDBusMessage& answer) {
        // A machine that ends while it is asked has answered by that.
        if (answer.type() == QDBusMessage::ErrorMessage && m_guests.present(id))
            emit notice(answer.errorMessage(), id);
    });
}

void LibraryKeeper::guestVanished(const QString& id, bool told)
{
    m_thumbnailsAsked.remove(id);
    const auto found = m_machines.find(id);
    if (found == m_machines.end())
        return;
    found->judge = !told && !m_launcher.running(id); // of a child, its exit status tells
    m_shelf.refresh();
    update(id);
}

void LibraryKeeper::childEnded(const QString& id, int status, const QString& words)
{
    const auto found = m_machines.find(id);
    if (found == m_machines.end())
        return;
    found->judge = false;
    m_shelf.refresh();
    if (status != 0)
        fail(id, troubleOf(status, words));
    update(id);
}

/// What the person reads: a process that gave up has said why; of one that was ended, the signal
/// and its last words.
QString LibraryKeeper::troubleOf(int status, const QString& last)
{
    if (status > 0 && !last.isEmpty())
        return last;
    if (status >= 0)
        return last.isEmpty()
                   ? tr("The machine stopped unexpectedly.")
                   : tr("The machine stopped unexpectedly. The last it said: %1").arg(last);
    return last.isEmpty()
               ? tr("The machine stopped unexpectedly: signal %1 ended its process.").arg(-status)
               : tr("The machine stopped unexpectedly: signal %1 ended its process. The last it "
                    "said: %2")
                     .arg(-status)
                     .arg(last);
}

void LibraryKeeper::fail(const QString& id, const QString& trouble)
{
    Machine& machine = m_machines[id];
    if (!m_guests.present(id)) // else a second start was refused, and the first goes on
        machine.trouble = trouble;
    emit notice(trouble, id);
    if (machine.shelf)
        m_notifier.notify(id, QString::fromStdString(machine.shelf->entry.config.name()), trouble);
}

void LibraryKeeper::installed(const QString& id)
{
    const auto found = m_machines.find(id);
    if (found == m_machines.end() || !found->shelf)
        return;
    m_notifier.notify(id, QString::fromStdString(found->shelf->entry.config.name()),
                      tr("The installation is finished."));
}

// --- What somebody looks at ---

void LibraryKeeper::setVisibleMachines(const QStringList& ids)
{
    m_visible = QSet<QString>(ids.begin(), ids.end());
    loadPictures();
    updateTimers();
    if (m_thumbnailTimer.isActive())
        renewThumbnails();
}

void LibraryKeeper::setWatchedMachine(const QString& id)
{
    m_watched = id;
    updateTimers();
    if (m_loadTimer.isActive())
        askLoad();
}

/// Timers run only while there is something to ask, so that an idle library sleeps.
void LibraryKeeper::updateTimers()
{
    bool pictures = false;
    for (const QString& id : m_visible)
        pictures = pictures || m_guests.word(id) == QLatin1String("running");
    if (pictures != m_thumbnailTimer.isActive())
        pictures ? m_thumbnailTimer.start() : m_thumbnailTimer.stop();
    const bool load = !m_watched.isEmpty() && m_guests.present(m_watched);
    if (load != m_loadTimer.isActive())
        load ? m_loadTimer.start() : m_loadTimer.stop();
}

void LibraryKeeper::updateInhibitor()
{
    bool installing = false;
    for (const QString& id : m_guests.ids())
        installing = installing || (m_machines.contains(id) && m_guests.installing(id));
    m_inhibitor.hold(installing, tr("A guest is being installed"));
}

/// The last pictures of visible machines that do not run.
void LibraryKeeper::loadPictures()
{
    for (const QString& id : m_visible) {
        const auto found = m_machines.find(id);
        if (found == m_machines.end() || !found->shelf || m_guests.present(id) ||
            found->pictureTime == found->shelf->pictureTime)
            continue;
        found->pictureTime = found->shelf->pictureTime;
        const auto file = found->shelf->entry.bundle / "thumbnail.png";
        m_pictures.run(
            this, [path = QString::fromStdString(file.string())] { return readPictureFile(path); },
            [this, id](const QImage& picture) { showPicture(id, picture); });
    }
}

void LibraryKeeper::showPicture(const QString& id, const QImage& picture)
{
    const auto found = m_machines.find(id);
    if (found == m_machines.end() || picture.isNull() || found->shown.thumbnail == picture)
        return;
    found->shown.thumbnail = picture;
    emit thumbnailChanged(id);
}

void LibraryKeeper::renewThumbnails()
{
    for (const QString& id : m_visible) {
        if (m_guests.word(id) != QLatin1String("running") || m_thumbnailsAsked.contains(id))
            continue; // one question at a time: a busy guest is not asked faster than it answers
        m_thumbnailsAsked.insert(id);
        m_guests.call(id, QStringLiteral("Thumbnail"), {kThumbnailWidth},
                      [this, id](const QDBusMessage& answer) { takeThumbnail(id, answer); });
    }
}

void LibraryKeeper::takeThumbnail(const QString& id, const QDBusMessage& answer)
{
    m_thumbnailsAsked.remove(id);
    if (answer.type() != QDBusMessage::ReplyMessage || answer.signature() != QLatin1String("ay"))
        return;
    m_pictures.run(
        this,
        [bytes = answer.arguments().constFirst().toByteArray()] { return readPictureBytes(bytes); },
        [this, id](const QImage& picture) { showPicture(id, picture); });
}

void LibraryKeeper::askLoad()
{
    if (std::exchange(m_loadAsked, true))
        return;
    m_guests.call(m_watched, QStringLiteral("Load"), {},
                  [this, id = m_watched](const QDBusMessage& answer) {
                      m_loadAsked = false;
                      if (answer.signature() != QString(kLoadNumbers, QLatin1Char('t')))
                          return;
                      const QVariantList numbers = answer.arguments();
                      MachineLoad load{m_clock.elapsed(),        numbers[0].toULongLong(),
                                       numbers[1].toULongLong(), numbers[2].toULongLong(),
                                       numbers[3].toULongLong(), numbers[4].toULongLong(),
                                       numbers[5].toULongLong()};
                      if (m_machines.contains(id))
                          emit loadChanged(id, load);
                  });
}

} // namespace app::main
