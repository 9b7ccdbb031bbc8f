// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/failure.hpp"

#include "clusprep/rpc/fault.hpp"

#include <array>
#include <string_view>

namespace mpapi::client {
namespace {

using csvp::Hresult;

struct Step {
    std::uint32_t code;
    std::string_view method; // part of its name; empty: any
    std::string_view advice;
};

constexpr std::uint32_t number(Hresult result) {
    return static_cast<std::uint32_t>(result);
}

// The first that fits.
constexpr std::array steps = {
    Step{number(Hresult::InvalidState), "StopDefense",
         "the node must own the disk and have it offline: in one 'clusprep session', 'pr "
         "arbitrate', 'disk offline', then 'pr stop-defense'"},
    Step{number(Hresult::InvalidState), "", "the disk is offline: bring it online first"},
    Step{number(Hresult::NotReady), "", "the disk is offline: 'clusprep disk online'"},
    Step{number(Hresult::FileNotFound), "RetrieveSvcSecret",
         "none was ever stored there: 'clusprep setup secret set'"},
    Step{number(Hresult::FileNotFound), "File",
         "no such file, or a directory on the way to it is missing"},
    Step{number(Hresult::FileNotFound), "",
         "no such disk: 'clusprep disk list' shows what the node has"},
    Step{number(Hresult::NotFound), "",
         "no such disk: 'clusprep disk list' shows what the node has"},
    Step{number(Hresult::DeviceGone), "",
         "the disk is gone: 'clusprep disk list' shows what the node has"},
    Step{number(Hresult::AccessDenied), "RawWrite",
         "the node lets write only the sectors of 'clusprep disk scratch', and only on disks it "
         "was configured to offer"},
    Step{number(Hresult::AccessDenied), "",
         "the node does not offer this disk for that, or uses it itself: see its log and its "
         "configuration ([disks] in mpapid.toml(5) where it runs clusprepd)"},
    Step{number(Hresult::Busy), "Arbitrate", "another node owns the disk and defends it"},
    Step{number(Hresult::Busy), "Offline",
         "something on the node uses the disk; its log names what"},
    Step{number(Hresult::Busy), "Clear",
         "the node has no registration there: 'clusprep pr register' first"},
    Step{number(Hresult::Busy), "SendRTMessage", "the node sends too many of them at once; later"},
    Step{number(Hresult::Busy), "PR",
         "the node has no registration there ('clusprep pr register'), or another node holds the "
         "reservation ('clusprep pr present')"},
    Step{number(Hresult::Busy), "",
         "a reservation or a registration of another node is in the way: 'clusprep pr present'"},
    Step{number(Hresult::WaitTimeout), "",
         "the clean-up did not end in the time given (--wait); it goes on"},
    Step{number(Hresult::InvalidName), "",
         "a path from the root of the partition, with \\ between names"},
    Step{number(Hresult::InvalidParameter), "GetFSName", "the disk has no such partition"},
    Step{number(Hresult::InvalidParameter), "PartitionIsNtfs", "the disk has no such partition"},
    Step{number(Hresult::InvalidParameter), "Raw",
         "is that sector on the disk, and does the node read or write that much at once?"},
    Step{number(Hresult::InvalidParameter), "SendRTMessage",
         "the source has to be an address of the node: 'clusprep network adapters --all'"},
    Step{number(Hresult::Timeout), "SendRTMessage",
         "no echo within a second: is the destination up, and does its firewall let ICMP in?"},
    Step{number(Hresult::InvalidServerState), "",
         "the node has not kept what this builds upon; begin anew"},
    Step{number(Hresult::SemaphoreTimeout), "",
         "the disk, or all paths to it, did not answer the node in time: see its log ('mpathadm "
         "status' there shows paths)"},
    Step{number(Hresult::IoDevice), "",
         "the node could not do it, and its log says why (journalctl -u clusprepd -u mpapid where "
         "it runs clusprepd): a disk that fails, or mpapid does not run"},
    Step{number(Hresult::Failed), "",
         "the node could not do it, and its log says why (journalctl -u clusprepd where it runs "
         "clusprepd): ipfailoverd does not run, for instance"},
};

std::string upper_hex(std::uint32_t code) {
    return csvp::text(static_cast<Hresult>(code)).substr(0, 10);
}

bool access_denied(std::uint32_t code) {
    return code == rpc::fault::access_denied || code == number(Hresult::AccessDenied);
}

} // namespace

const char* name(Failure::Kind kind) {
    switch (kind) {
    case Failure::Kind::Local:
        return "local";
    case Failure::Kind::Denied:
        return "denied";
    case Failure::Kind::Unreachable:
        return "unreachable";
    case Failure::Kind::Fault:
        return "fault";
    case Failure::Kind::Refused:
        return "refused";
    case Failure::Kind::Garbled:
        return "garbled";
    case Failure::Kind::Method:
        return "method";
    }
    return "";
}

std::string code_text(const Failure& failure) {
    switch (failure.kind) {
    case Failure::Kind::Method:
        return csvp::text(static_cast<Hresult>(failure.code));
    case Failure::Kind::Fault:
        return rpc::fault_text(failure.code);
    case Failure::Kind::Refused:
        switch (failure.code) {
        case 0x80040154:
            return "0x80040154 REGDB_E_CLASSNOTREG";
        case 0x80004002:
            return "0x80004002 E_NOINTERFACE";
        default:
            return csvp::text(static_cast<Hresult>(failure.code));
        }
    default:
        return failure.code == 0 ? "" : upper_hex(failure.code);
    }
}

std::string text(const Failure& failure) {
    std::string text = failure.node;
    const auto add = [&](const std::string& part) {
        if (part.empty()) return;
        if (!text.empty()) text += ": ";
        text += part;
    };
    add(failure.method);
    add(code_text(failure));
    add(failure.error.message());
    return text;
}

std::string next_step(const Failure& failure) {
    switch (failure.kind) {
    case Failure::Kind::Denied:
        return "is the account known there and allowed (clusprepd.toml(5), where the node runs "
               "clusprepd)? --user and --auth choose who asks and how";
    case Failure::Kind::Unreachable:
        return "is the node up, does it serve ClusPrep (TCP 135 and the port that it names), and "
               "does a firewall let us in?";
    case Failure::Kind::Fault:
        if (failure.code == 0x80010114)
            return "the node has forgotten our object, say by a restart; try again";
        return "";
    case Failure::Kind::Refused:
        if (failure.code == 0x80040154)
            return "the node serves DCOM, but not this interface of ClusPrep";
        if (failure.code == number(Hresult::OutOfMemory))
            return "the node has no room for another object: those of clients that were killed go "
                   "after six minutes ([limits] in clusprepd.toml(5), where it runs clusprepd)";
        return "";
    case Failure::Kind::Method:
        for (const Step& step : steps)
            if (step.code == failure.code && failure.method.find(step.method) != std::string::npos)
                return std::string(step.advice);
        return "";
    default:
        return "";
    }
}

Exit exit_of(const Failure& failure) {
    switch (failure.kind) {
    case Failure::Kind::Local:
        return exit_usage;
    case Failure::Kind::Denied:
        return exit_denied;
    case Failure::Kind::Unreachable:
        return exit_unreachable;
    case Failure::Kind::Fault:
    case Failure::Kind::Refused:
        return access_denied(failure.code) ? exit_denied : exit_failed;
    case Failure::Kind::Garbled:
        return exit_garbled;
    case Failure::Kind::Method:
        return exit_failed;
    }
    return exit_failed;
}

} // namespace mpapi::client
