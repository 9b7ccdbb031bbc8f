// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a server answers to our client: the [out] parameters of each method of MS-CSVP and of DCOM.
// The input's first byte says which, the next two how many elements the client had asked for. What
// was read is written to bytes that read the same, and prints.
#include "clusprep/dcom/activation_messages.hpp"
#include "clusprep/dcom/object_exporter_messages.hpp"
#include "clusprep/dcom/orpc.hpp"
#include "clusprep/dcom/remote_unknown_messages.hpp"
#include "clusprep/interfaces/cleanup_session.hpp"
#include "clusprep/interfaces/firewall_session.hpp"
#include "clusprep/interfaces/log_session.hpp"
#include "clusprep/interfaces/network_session.hpp"
#include "clusprep/interfaces/setup_session.hpp"
#include "clusprep/interfaces/storage_session.hpp"

#include <array>
#include <cstdlib>

using namespace mpapi;

namespace {

using Stub = std::span<const std::uint8_t>;

void require(bool condition) {
    if (!condition) std::abort();
}

template <typename Out>
Out asked_for(std::uint32_t count) {
    Out out;
    if constexpr (requires { out.data_size.count; }) out.data_size.count = count;
    if constexpr (requires { out.size.count; }) out.size.count = count;
    if constexpr (requires { out.count.count; }) out.count.count = count;
    return out;
}

template <typename Out>
void round(Stub stub, std::uint32_t count) {
    const auto value = ndr::read<Out>(stub, {}, 0, asked_for<Out>(count));
    if (!value) return;
    const auto written = ndr::write(*value);
    require(written.has_value());
    const auto again = ndr::read<Out>(*written, {}, 0, asked_for<Out>(count));
    require(again.has_value());
    require(ndr::text(*again) == ndr::text(*value));
}

using Round = void (*)(Stub, std::uint32_t);

template <typename... Methods>
constexpr std::array<Round, sizeof...(Methods)> rounds(csvp::MethodList<Methods...>) {
    return {round<typename Methods::Out>...};
}

template <typename Session>
void answer_to(Session*, std::size_t which, Stub stub, std::uint32_t count) {
    static constexpr auto all = rounds(typename Session::Methods());
    all[which % all.size()](stub, count);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) return 0;
    const std::size_t which = data[1];
    const std::uint32_t count = data[2] + std::uint32_t{256} * data[3];
    const Stub stub(data + 4, size - 4);
    switch (data[0] % 8) {
    case 0:
        answer_to<csvp::StorageSession>(nullptr, which, stub, count);
        break;
    case 1:
        answer_to<csvp::NetworkSession>(nullptr, which, stub, count);
        break;
    case 2:
        answer_to<csvp::CleanupSession>(nullptr, which, stub, count);
        break;
    case 3:
        answer_to<csvp::SetupSession>(nullptr, which, stub, count);
        break;
    case 4:
        answer_to<csvp::LogSession>(nullptr, which, stub, count);
        break;
    case 5:
        answer_to<csvp::FirewallSession>(nullptr, which, stub, count);
        break;
    case 6: {
        static constexpr auto all = rounds(
            csvp::MethodList<dcom::RemoteCreateInstance, dcom::RemoteActivation, dcom::ResolveOxid,
                             dcom::ResolveOxid2, dcom::ServerAlive, dcom::ServerAlive2,
                             dcom::SimplePing, dcom::ComplexPing, dcom::RemQueryInterface,
                             dcom::RemQueryInterface2, dcom::RemAddRef, dcom::RemRelease>());
        all[which % all.size()](stub, count);
        break;
    }
    default:
        if (const auto front = ndr::read_front<dcom::OrpcThat>(stub))
            require(front->end <= stub.size());
        break;
    }
    return 0;
}
