// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/block/raw_file.h"

namespace vmm::block {

Result<std::unique_ptr<RawFile>> RawFile::create(std::unique_ptr<DiskFile> file)
{
    std::unique_ptr<RawFile> raw(new RawFile(std::move(file)));
    raw->m_workers = TRY(IoWorkers::create(
        *raw->m_file, 1, [self = raw.get()](IoRequest& request) { self->finished(request); }));
    return raw;
}

RawFile::~RawFile() = default;

void RawFile::finished(IoRequest& request)
{
    request.done(std::move(request.queued.result));
    if (m_listener != nullptr)
        m_listener->completed();
}

Result<void> RawFile::resize(std::optional<uint64_t> bytes)
{
    if (TRY(m_file->resize(bytes)) && m_listener != nullptr)
        m_listener->capacityChanged();
    return {};
}

} // namespace vmm::block
