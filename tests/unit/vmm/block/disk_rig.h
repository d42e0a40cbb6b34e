// SPDX-License-Identifier: GPL-3.0-or-later
// A disk with the engine a test asks for, and requests that wait for their end.
#pragma once

#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "vmm/base/check.h"
#include "vmm/base/event_loop.h"
#include "vmm/block/loop_file.h"
#include "vmm/block/open_image.h"

namespace tests {

using Bytes = std::vector<std::byte>;

enum class Engine { OwnThread, LoopThreads, LoopRing };

struct DiskRig {
    /// The path is opened with what `options` say, but for the engine.
    static vmm::Result<std::unique_ptr<DiskRig>> open(Engine engine, const std::string& path,
                                                      vmm::block::DiskOptions options = {})
    {
        auto rig = std::make_unique<DiskRig>();
        if (engine != Engine::OwnThread)
            rig->loop = TRY(vmm::EventLoop::create("disk-test"));
        options.loop = rig->loop.get();
        options.engine = engine == Engine::LoopThreads ? vmm::block::IoEngine::Threads
                                                       : vmm::block::IoEngine::Best;
        rig->disk = TRY(vmm::block::openDisk(path, options));
        return rig;
    }
    ~DiskRig() { disk.reset(); }

    bool usesRing() const
    {
        const auto* file = dynamic_cast<const vmm::block::LoopFile*>(disk.get());
        return file != nullptr && file->usesRing();
    }
    /// Where the disk is called: the loop's thread, or here when it has none.
    void call(const std::function<void()>& function) const
    {
        if (loop == nullptr)
            return function();
        std::promise<void> left;
        loop->post([&] {
            function();
            left.set_value();
        });
        left.get_future().wait();
    }
    void submit(const std::vector<vmm::block::IoRequest*>& requests) const
    {
        call([&] { disk->submit(requests); });
    }
    /// One request, to its end.
    vmm::block::IoStatus run(vmm::block::IoRequest& request) const
    {
        std::promise<vmm::block::IoResult> promise;
        request.done = [&promise](vmm::block::IoResult result) {
            promise.set_value(std::move(result));
        };
        submit({&request});
        return promise.get_future().get().status;
    }
    vmm::block::IoStatus run(vmm::block::IoKind kind, uint64_t offset, Bytes* buffer,
                             std::vector<vmm::block::Extent> extents = {},
                             bool mayUnmap = false) const
    {
        vmm::block::IoRequest request;
        request.kind = kind;
        request.offset = offset;
        request.extents = std::move(extents);
        request.mayUnmap = mayUnmap;
        if (buffer != nullptr)
            request.segments.emplace_back(std::span(*buffer));
        return run(request);
    }
    Bytes read(uint64_t offset, size_t size) const
    {
        Bytes bytes(size, std::byte{0xee});
        CHECK(run(vmm::block::IoKind::Read, offset, &bytes) == vmm::block::IoStatus::Ok);
        return bytes;
    }

    std::unique_ptr<vmm::EventLoop> loop;
    std::unique_ptr<vmm::block::BlockBackend> disk;
};

inline std::string writeFile(const std::string& path, const std::string& content)
{
    std::ofstream(path, std::ios::binary) << content;
    return path;
}

} // namespace tests
