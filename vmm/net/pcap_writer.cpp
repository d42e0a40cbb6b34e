// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/net/pcap_writer.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/base/bits.h"
#include "vmm/base/host_time.h"

namespace vmm::net {

namespace {

constexpr uint32_t kMagic = 0xa1b23c4d; // timestamps in nanoseconds, in our byte order
constexpr uint32_t kEthernet = 1;       // LINKTYPE_ETHERNET
constexpr size_t kFileHeader = 24;
constexpr size_t kRecordHeader = 16;
constexpr size_t kBuffer = size_t{4} << 20;
constexpr uint64_t kSecond = 1'000'000'000;

/// False: errno says why.
bool writeAll(int fd, std::span<const std::byte> bytes)
{
    while (!bytes.empty()) {
        const ssize_t done = ::write(fd, bytes.data(), bytes.size());
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        bytes = bytes.subspan(static_cast<size_t>(done));
    }
    return true;
}

template <class T>
void append(std::vector<std::byte>& to, T value)
{
    to.resize(to.size() + sizeof value);
    storeLe(&to[to.size() - sizeof value], value);
}

} // namespace

Result<std::unique_ptr<PcapWriter>> PcapWriter::create(const std::string& path, uint32_t snapLength)
{
    // Not blocking: a named pipe would wait for its reader.
    UniqueFd file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0600));
    struct stat facts {};
    if (!file.valid() || ::fstat(file.get(), &facts) != 0)
        return Error::fromErrno(path, errno);
    if (!S_ISREG(facts.st_mode))
        return Error(ErrorCode::Invalid, path + ": captures go to ordinary files");
    if (::ftruncate(file.get(), 0) != 0)
        return Error::fromErrno(path, errno);
    std::unique_ptr<PcapWriter> writer(new PcapWriter(std::move(file), path, snapLength));
    std::vector<std::byte> header;
    append<uint32_t>(header, kMagic);
    append<uint16_t>(header, 2);
    append<uint16_t>(header, 4);
    append<uint64_t>(header, 0); // time zone and accuracy, never used
    append<uint32_t>(header, snapLength);
    append<uint32_t>(header, kEthernet);
    static_assert(kFileHeader == 4 + 2 + 2 + 8 + 4 + 4);
    if (!writeAll(writer->m_file.get(), header))
        return Error::fromErrno(path, errno);
    PcapWriter* self = writer.get();
    writer->m_thread = std::thread([self] { self->run(); });
    ::pthread_setname_np(writer->m_thread.native_handle(), "capture");
    return writer;
}

PcapWriter::PcapWriter(UniqueFd file, std::string path, uint32_t snapLength)
    : m_file(std::move(file)), m_snapLength(snapLength)
{
    m_status.path = std::move(path);
}

PcapWriter::~PcapWriter()
{
    finish();
}

CaptureStatus PcapWriter::finish()
{
    {
        MutexLock lock(m_mutex);
        m_end = true;
        m_changed.notify_one();
    }
    if (m_thread.joinable())
        m_thread.join();
    return status();
}

void PcapWriter::add(std::span<const iovec> pieces, size_t size)
{
    const uint64_t now = hostNs(CLOCK_REALTIME);
    size_t kept = std::min<size_t>(size, m_snapLength);
    MutexLock lock(m_mutex);
    if (m_status.problem)
        return;
    if (m_pending.size() + kRecordHeader + kept > kBuffer) {
        ++m_status.lost;
        return;
    }
    append<uint32_t>(m_pending, static_cast<uint32_t>(now / kSecond));
    append<uint32_t>(m_pending, static_cast<uint32_t>(now % kSecond));
    append<uint32_t>(m_pending, static_cast<uint32_t>(kept));
    append<uint32_t>(m_pending, static_cast<uint32_t>(size));
    for (const iovec& piece : pieces) {
        const auto* bytes = static_cast<const std::byte*>(piece.iov_base);
        const size_t part = std::min(kept, piece.iov_len);
        m_pending.insert(m_pending.end(), bytes, bytes + part);
        kept -= part;
    }
    m_pending.resize(m_pending.size() + kept); // pieces shorter than they said
    ++m_status.frames;
    m_changed.notify_one();
}

CaptureStatus PcapWriter::status() const
{
    MutexLock lock(m_mutex);
    return m_status;
}

void PcapWriter::run()
{
    std::vector<std::byte> records;
    MutexLock lock(m_mutex);
    for (;;) {
        lock.wait(m_changed, [this]() VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
            return m_end || !m_pending.empty();
        });
        if (m_pending.empty())
            return;
        records.clear();
        records.swap(m_pending);
        lock.unlock();
        const bool written = writeAll(m_file.get(), records);
        const int number = errno;
        lock.lock();
        if (written)
            continue;
        m_status.problem =
            Error::fromErrno(m_status.path + ": the capture ended", number).sentence();
        m_pending.clear();
        m_pending.shrink_to_fit();
        return;
    }
}

} // namespace vmm::net
