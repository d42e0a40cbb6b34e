// SPDX-License-Identifier: GPL-3.0-or-later
// The network of a card that is plugged into nothing.
#pragma once

#include "vmm/net/net_backend.h"

namespace vmm::net {

/// Frames sent are lost, none ever come. Any thread.
class Nowhere : public NetBackend {
public:
    Offloads canTake() const override { return {}; }
    Offloads canGive() const override { return {}; }
    std::string description() const override { return "disconnected"; }
    Result<void> start(FrameReceiver&, const Offloads&, unsigned) override { return {}; }
    void stop() override {}
    SendStatus send(unsigned, const FrameHeader&, std::span<const iovec>) override
    {
        return SendStatus::Sent;
    }
    void sent() override {}
    std::optional<Received> receive(unsigned, std::span<const iovec>) override { return {}; }
    void receiverReady(unsigned) override {}
};

/// Stands for the network that a saved machine had and nobody gives it any more. It offers all that
/// one may have offered, since the guest's driver reckons with it, and the cable is out.
class Missing final : public Nowhere {
public:
    Offloads canTake() const override { return {true, true, true, true}; }
    Offloads canGive() const override { return {true, true, true, true}; }
    std::string description() const override { return "missing"; }
    bool carrier() const override { return false; }
};

} // namespace vmm::net
