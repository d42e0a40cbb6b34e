// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: everything a driver can do to the console, hostile saved states, and ends that come,
// go, refuse and talk as they like.
#include <algorithm>

#include "tests/fuzz/vmm/virtio/device_guest.h"
#include "vmm/virtio/console.h"

namespace {

using namespace vmm;
using namespace vmm::virtio;

/// What all ends of an input do next.
struct World {
    size_t takes = 16; ///< of one write
    size_t says = 0;   ///< bytes that wait to be read
    bool connected = false;
    std::vector<class Fake*> ends;
};

class Fake final : public console::ByteEnd {
public:
    explicit Fake(World& world) : m_world(world) { world.ends.push_back(this); }
    ~Fake() override { std::erase(m_world.ends, this); }
    bool connected() const override { return m_world.connected; }
    size_t write(std::span<const std::byte> bytes) override
    {
        return m_world.connected ? std::min(bytes.size(), m_world.takes) : 0;
    }
    size_t read(std::span<std::byte> to) override
    {
        const size_t count = std::min(to.size(), m_world.says);
        std::fill_n(to.begin(), count, std::byte{'x'});
        m_world.says -= count;
        return count;
    }
    void change() { tell(); }

private:
    World& m_world;
};

ConsolePort port(World& world, std::string name, bool console)
{
    return {std::move(name), console, std::make_unique<Fake>(world)};
}

std::unique_ptr<Console> makeConsole(World& world)
{
    std::vector<ConsolePort> ports;
    ports.push_back(port(world, "", true));
    ports.push_back(port(world, "one", false));
    return std::move(*Console::create(fuzz::loop(), "console", std::move(ports)));
}

using Guest = fuzz::DeviceGuest<Console>;

/// A well-formed control message, or nearly.
void control(Guest& guest, fuzz::Action action)
{
    guest.offer(kConsoleControlInput, action[1], 64, true);
    guest.place(action[1], std::as_bytes(action).subspan<4, 8>());
    guest.offer(kConsoleControlOutput, action[1], 8, false);
}

void changeEnds(World& world, fuzz::Action action)
{
    onLoop(fuzz::loop(), [&] {
        world.connected = action[1] % 4 != 0;
        world.takes = action[2];
        world.says = action[3] * 16U;
        const auto ends = world.ends;
        for (Fake* end : ends)
            end->change();
    });
}

void changePorts(World& world, Guest& guest, fuzz::Action action)
{
    const std::string name(1U + action[2] % 4, static_cast<char>('a' + action[3] % 3));
    if (action[1] % 2 == 0)
        static_cast<void>(guest.device().addPort(port(world, name, action[1] % 3 == 0)));
    else
        static_cast<void>(guest.device().removePort(action[2] % 9U));
    guest.device().resize(action[4] % 9U, action[5], action[6]);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    World world;
    Guest guest(makeConsole(world));
    return fuzz::runActions(data, size, [&](fuzz::Action action) {
        if (guest.act(action))
            return;
        switch (action[0] % 16) {
        case 7:
        case 8:
        case 9:
            return control(guest, action);
        case 10:
            return changePorts(world, guest, action);
        default:
            return changeEnds(world, action);
        }
    });
}
