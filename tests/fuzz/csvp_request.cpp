// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Requests of one object of MS-CSVP over a played node: the first byte chooses the class (its upper
// bit: answers of the node come late), then each call is an opnum, the length of a stub as u16, and
// the stub. Opnum ffh lets what was held go. Every call is answered once, a rundown ends, and
// afterwards nothing is owned that this object won.
#include "clusprep/interfaces/classes.hpp"
#include "tests/unit/clusprep/interfaces/played_node.hpp"

#include <algorithm>
#include <cstdlib>

using namespace mpapi;
using namespace mpapi::csvp;

namespace {

constexpr std::size_t most_calls = 64;

void check(bool holds) {
    if (!holds) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    PlayedNode node;
    Machine machine(node);
    auto all = classes(machine);
    const rpc::Principal principal{"fuzz", {}, rpc::AuthType::Ntlm};
    const rpc::PeerAddress address = "192.0.2.99";
    const dcom::Caller caller{principal, rpc::AuthLevel::Privacy, address};
    Class& chosen = all[(data[0] & 0x7f) % all.size()];
    const ndr::Guid iid = chosen.factory->interfaces().front();
    auto object = chosen.factory->create(caller);
    check(object.has_value());
    node.hold = (data[0] & 0x80) != 0;

    std::span<const std::uint8_t> rest(data + 1, size - 1);
    std::size_t calls = 0;
    std::size_t answers = 0;
    while (rest.size() >= 3 && calls < most_calls) {
        const std::uint16_t opnum = rest[0];
        const std::size_t length = std::min(rest[1] + std::size_t{256} * rest[2], rest.size() - 3);
        // A block of its own, so that a read beyond it is seen.
        const auto bytes = rest.subspan(3, length);
        const std::vector<std::uint8_t> stub(bytes.begin(), bytes.end());
        rest = rest.subspan(3 + length);
        if (opnum == 0xff) {
            node.let_go();
            continue;
        }
        ++calls;
        (*object)->call(iid, opnum, stub, caller, dcom::Reply([&answers](dcom::Answer answer) {
                            ++answers;
                            check(answer.fault != 0 || answer.stub.size() >= 4);
                        }));
    }
    bool ended = false;
    (*object)->rundown([&ended] { ended = true; });
    node.let_go();
    check(answers == calls);
    check(ended);
    for (const PlayedDisk& lun : node.luns)
        check(lun.state.ownership != Ownership::OwnedByThisServer);
    return 0;
}
