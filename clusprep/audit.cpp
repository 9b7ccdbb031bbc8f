// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/audit.hpp"

#include <syslog.h>
#include <systemd/sd-journal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace mpapi::clusprep {

namespace {

constexpr std::size_t kLongest = 256;

std::string hex(std::uint64_t number, int digits) {
    char text[24];
    std::snprintf(text, sizeof text, "%0*llx", digits, static_cast<unsigned long long>(number));
    return text;
}

std::string printable(std::string text) {
    std::size_t size = std::min(text.size(), kLongest);
    // Half a character of UTF-8 would make the whole field one that journalctl does not show.
    while (size < text.size() && size > 0 && (text[size] & 0xc0) == 0x80)
        --size;
    text.resize(size);
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return text;
}

} // namespace

Audit::Audit(Sink sink, std::map<ndr::Guid, std::string> names)
  : sink_(std::move(sink))
  , names_(std::move(names)) {}

std::string Audit::class_name(const ndr::Guid& clsid) const {
    const auto found = names_.find(clsid);
    return found == names_.end() ? "class " + clsid.text() : found->second;
}

void Audit::activated(const dcom::Caller& caller, const ndr::Guid& clsid, dcom::Oid oid) {
    const std::string client = printable(caller.principal.name);
    sink_({LOG_NOTICE,
           client + " at " + caller.peer.text() + " activated " + class_name(clsid) + ", object " +
               hex(oid, 16),
           client, caller.peer.address});
}

void Audit::activation_refused(const dcom::Caller& caller, const ndr::Guid& clsid,
                               dcom::HResult result, const std::string& reason) {
    const std::string client = printable(caller.principal.name);
    sink_({LOG_WARNING,
           client + " at " + caller.peer.text() + " was refused " + class_name(clsid) + " with 0x" +
               hex(result, 8) + (reason.empty() ? "" : ": " + printable(reason)),
           client, caller.peer.address});
}

void Audit::interface_refused(const dcom::Caller& caller, const ndr::Guid& iid) {
    const std::string client = printable(caller.principal.name);
    sink_({LOG_NOTICE,
           client + " at " + caller.peer.text() + " asked for interface " + iid.text() +
               ", which is none of ours: a newer client?",
           client, caller.peer.address});
}

void Audit::caller_refused(const dcom::Caller& caller, const std::string& what) {
    const std::string client = printable(caller.principal.name);
    sink_({LOG_WARNING,
           client + " at " + caller.peer.text() + " is not allowed to call " + printable(what) +
               ": see [allow] in clusprepd.toml(5)",
           client, caller.peer.address});
}

void Audit::ended(dcom::Oid oid) {
    sink_({LOG_INFO, "object " + hex(oid, 16) + " has ended", {}, {}});
}

void Audit::refused(const rpc::PeerAddress& peer, const Error& why) {
    sink_(
        {LOG_NOTICE, "dropped " + peer.text() + ": " + printable(why.message()), {}, peer.address});
}

void Audit::failed_logon(const rpc::FailedLogon& logon) {
    const std::string account = printable(logon.account);
    sink_({LOG_WARNING,
           account + " failed to log on from " + logon.peer.text() + " (" +
               std::to_string(logon.failures_of_address) + " from there, " +
               std::to_string(logon.failures_of_account) +
               " of the account): " + printable(logon.reason),
           account, logon.peer.address});
}

void Audit::failed_call(const csvp::FailedCall& call) {
    const std::string client = printable(call.user);
    sink_({LOG_NOTICE,
           std::string(call.method) + (client.empty() ? "" : " of " + client) + ": " +
               printable(call.failure.error.message()) + " (" + csvp::text(call.failure.code) + ")",
           client, call.peer.address});
}

void Audit::note(int priority, const std::string& text) {
    sink_({priority, text, {}, {}});
}

void write_line(const Line& line) {
    if (std::getenv("JOURNAL_STREAM") == nullptr) {
        std::fprintf(stderr, "clusprepd: %s\n", line.text.c_str());
        return;
    }
    sd_journal_send("MESSAGE=%s", line.text.c_str(), "PRIORITY=%i", line.priority,
                    "CLUSPREP_CLIENT=%s", line.client.c_str(), "CLUSPREP_ADDRESS=%s",
                    line.address.c_str(), nullptr);
}

} // namespace mpapi::clusprep
