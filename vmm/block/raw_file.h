// SPDX-License-Identifier: GPL-3.0-or-later
// A raw disk image, ISO file or host block device as a BlockBackend with an io thread of its own.
#pragma once

#include <memory>
#include <string>

#include "vmm/block/block_backend.h"
#include "vmm/block/disk_file.h"
#include "vmm/block/io_workers.h"

namespace vmm::block {

/// Carries requests out one after the other, in the order they came: for controllers with little in
/// flight. Threads as BlockBackend.
class RawFile final : public BlockBackend {
public:
    static Result<std::unique_ptr<RawFile>> create(std::unique_ptr<DiskFile> file);
    ~RawFile() override;

    uint64_t capacity() const override { return m_file->capacity(); }
    bool readOnly() const override { return m_file->readOnly(); }
    bool canDiscard() const override { return m_file->canDiscard(); }
    bool volatileCache() const override { return !m_file->writesThrough(); }
    uint32_t physicalBlockSize() const override { return m_file->physicalBlockSize(); }
    const std::string& path() const override { return m_file->path(); }
    void setListener(BlockListener* listener) override { m_listener = listener; }
    Result<void> resize(std::optional<uint64_t> bytes) override;

    std::optional<IoResult> readNow(const IoRequest& request) override
    {
        return m_file->readNow(request);
    }
    using BlockBackend::submit;
    void submit(std::span<IoRequest* const> requests) override
    {
        for (const IoRequest* request : requests)
            m_file->count(*request);
        m_workers->submit(requests);
    }
    void cancel() override { m_workers->cancel(); }
    void pause() override { m_workers->pause(); }
    void resume() override { m_workers->resume(); }

private:
    explicit RawFile(std::unique_ptr<DiskFile> file) : m_file(std::move(file)) {}
    void finished(IoRequest& request);

    const std::unique_ptr<DiskFile> m_file;
    BlockListener* m_listener = nullptr;
    std::unique_ptr<IoWorkers> m_workers;
};

} // namespace vmm::block
