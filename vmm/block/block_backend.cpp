// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/block/block_backend.h"

#include <memory>

namespace vmm::block {

void BlockBackend::submit(IoRequest request)
{
    auto kept = std::make_unique<IoRequest>(std::move(request));
    // The completion destroys its own request, itself included; what it calls it has moved out.
    kept->done = [owner = kept.get(), done = std::move(kept->done)](IoResult result) mutable {
        const auto call = std::move(done);
        const std::unique_ptr<IoRequest> ended(owner);
        call(std::move(result));
    };
    IoRequest* const one = kept.release();
    submit(std::span(&one, 1));
}

} // namespace vmm::block
