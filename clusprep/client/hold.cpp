// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/hold.hpp"

#include "clusprep/rpc/fault.hpp"
#include "common/text/printable.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace mpapi::client {
namespace {

// The object is not there any more (MS-ERREF 2.1): RPC_E_DISCONNECTED, RPC_E_INVALID_IPID,
// RPC_E_INVALID_OBJECT, CO_E_OBJNOTCONNECTED; or we are not let in any more.
constexpr std::array<std::uint32_t, 5> final_faults = {
    0x80010108, 0x80010113, rpc::fault::invalid_object, 0x800401fd, rpc::fault::access_denied};

// Whether it is certain, and not a matter of waiting.
bool is_final(const Failure& failure) {
    switch (failure.kind) {
    case Failure::Kind::Unreachable: // nobody serves there: whoever did has ended
        return failure.error.errnum == ECONNREFUSED;
    case Failure::Kind::Fault:
        return std::find(final_faults.begin(), final_faults.end(), failure.code) !=
               final_faults.end();
    case Failure::Kind::Method:
        return failure.code == static_cast<std::uint32_t>(csvp::Hresult::NotReady);
    default:
        return false;
    }
}

class Holding {
  public:
    Holding(const Invocation& invocation, Server& server)
      : server_(server)
      , disk_(invocation.command.disk) {}

    // What speaks against that the node keeps the disk. Whether it was online before is left as it
    // was found first.
    Outcome<Done> ask() {
        using Method = csvp::CprepDiskIsOnline;
        const auto out = server_.exchange<csvp::ClusterStorage2, Method>({disk_});
        if (!out) return out.failure();
        const bool online = csvp::succeeded(out->result);
        if (!online && out->result != csvp::Hresult::NotReady)
            return server_.failure(Method::name, out->result);
        if (was_online_ && !online) return server_.failure(Method::name, out->result);
        was_online_ = was_online_ || online;
        return Done{};
    }

  private:
    Server& server_;
    csvp::DiskId disk_;
    bool was_online_ = false;
};

} // namespace

Exit hold(const Invocation& invocation, Server& server, const Console& console, const Clock& clock,
          const HoldWait& wait) {
    Holding holding(invocation, server);
    auto heard = clock();
    bool silent = false;
    for (std::chrono::milliseconds pause{0};; pause = silent ? hold_asks_again : hold_asks) {
        const auto interrupted = wait(pause);
        if (!interrupted)
            return tell({Failure::Kind::Local, "", "", 0, interrupted.error()}, invocation,
                        console);
        if (*interrupted) return exit_done;
        const auto kept = holding.ask();
        if (kept) {
            heard = clock();
            if (std::exchange(silent, false) && !invocation.json)
                console.err("clusprep: the node answers again, and still keeps the disk\n");
            continue;
        }
        const Failure& failure = kept.failure();
        if (failure.kind == Failure::Kind::Local) continue; // the user interrupts
        if (is_final(failure) || clock() - heard >= hold_patience) {
            const Exit ended = tell(failure, invocation, console);
            if (!invocation.json)
                console.err("clusprep: the node does not keep the disk any more: do not write to "
                            "it before it is taken again\n");
            return ended;
        }
        if (!std::exchange(silent, true) && !invocation.json)
            console.err("clusprep: " + printable(text(failure)) +
                        "\nclusprep: the node gives the disk up when it has not heard of us for "
                        "six minutes; asking again\n");
    }
}

} // namespace mpapi::client
