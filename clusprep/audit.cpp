// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/audit.hpp"

#include "common/text/hex.hpp"
#include "common/text/printable.hpp"

#include <syslog.h>
#include <systemd/sd-journal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace mpapi::clusprep {

namespace {

constexpr std::size_t kLongest = 256;

std::string printable(std::string text) {
    std::size_t size = std::min(text.size(), kLongest);
    // Half a character of UTF-8 would make the whole field one that journalctl does not show.
    while (size < text.size() && size > 0 && (text[size] & 0xc0) == 0x80)
        --size;
    text.resize(size);
    return mpapi::printable(text);
}

std::string text_of(dcom::Ending why) {
    switch (why) {
    case dcom::Ending::Released:
        return "it was released";
    case dcom::Ending::Silent:
        return "nothing was heard of its client for six minutes";
    case dcom::Ending::Stopped:
        break;
    }
    return "clusprepd stops";
}

// "NODE1\\alice at 192.0.2.7:49152"
std::string who(const dcom::Caller& caller) {
    return printable(caller.principal.name) + " at " + caller.peer.text();
}

Line line_of(const dcom::Caller& caller, int priority, std::string text) {
    return {priority, std::move(text), printable(caller.principal.name), caller.peer.address};
}

} // namespace

Audit::Audit(Sink sink, Clock clock, std::map<ndr::Guid, std::string> names)
  : sink_(std::move(sink))
  , clock_(std::move(clock))
  , names_(std::move(names)) {}

std::string Audit::class_name(const ndr::Guid& clsid) const {
    const auto found = names_.find(clsid);
    return found == names_.end() ? "class " + clsid.text() : found->second;
}

void Audit::tell_of_address(const char* kind, const rpc::PeerAddress& peer, const Line& line) {
    if (of_addresses_.write(kind, peer.network, clock_())) sink_(line);
}

void Audit::tell_of_client(const char* kind, const Line& line) {
    if (of_clients_.write(kind, line.client, clock_())) sink_(line);
}

void Audit::sum_up() {
    for (auto* repeats : {&of_addresses_, &of_clients_})
        for (const auto& sum : repeats->take(clock_()))
            sink_({LOG_NOTICE,
                   sum.kind + " of " + (sum.whose.empty() ? "many more" : sum.whose) + ": " +
                       std::to_string(sum.left_out) + " further lines in a minute were left out",
                   {},
                   {}});
}

void Audit::activated(const dcom::Caller& caller, const ndr::Guid& clsid, dcom::Oid oid) {
    tell_of_client("activations", line_of(caller, LOG_NOTICE,
                                          who(caller) + " activated " + class_name(clsid) +
                                              ", object " + hex(oid, 16)));
}

void Audit::activation_refused(const dcom::Caller& caller, const ndr::Guid& clsid,
                               dcom::HResult result, const std::string& reason) {
    tell_of_client("refused activations",
                   line_of(caller, LOG_WARNING,
                           who(caller) + " was refused " + class_name(clsid) + " with 0x" +
                               hex(result, 8) + (reason.empty() ? "" : ": " + printable(reason))));
}

void Audit::interface_refused(const dcom::Caller& caller, const ndr::Guid& iid) {
    tell_of_client("unknown interfaces",
                   line_of(caller, LOG_NOTICE,
                           who(caller) + " asked for interface " + iid.text() +
                               ", which is none of ours: a newer client?"));
}

// Whoever has an account anywhere in the domain can cause it.
void Audit::caller_refused(const dcom::Caller& caller, const std::string& what) {
    tell_of_address("callers who are not allowed", caller.peer,
                    line_of(caller, LOG_WARNING,
                            who(caller) + " is not allowed to call " + printable(what) +
                                ": see [allow] in clusprepd.toml(5)"));
}

void Audit::object_refused(const dcom::Caller& caller, const dcom::KnownObject& object) {
    tell_of_client("uses of others' objects",
                   line_of(caller, LOG_WARNING,
                           who(caller) + " was refused object " + hex(object.oid, 16) + ", " +
                               class_name(object.clsid) + " of " + printable(object.client)));
}

void Audit::ended(const dcom::KnownObject& object, dcom::Ending why) {
    const std::string client = printable(object.client);
    tell_of_client("ends of objects",
                   {why == dcom::Ending::Silent ? LOG_NOTICE : LOG_INFO,
                    "object " + hex(object.oid, 16) + ", " + class_name(object.clsid) + " of " +
                        client + ", has ended: " + text_of(why),
                    client,
                    {}});
}

void Audit::refused(const rpc::PeerAddress& peer, const Error& why) {
    tell_of_address(
        "dropped connections", peer,
        {LOG_NOTICE, "dropped " + peer.text() + ": " + printable(why.message()), {}, peer.address});
}

void Audit::failed_logon(const rpc::FailedLogon& logon) {
    const std::string account = printable(logon.account);
    tell_of_address("failed logons", logon.peer,
                    {LOG_WARNING,
                     account + " failed to log on from " + logon.peer.text() + " (" +
                         std::to_string(logon.failures_of_address) + " from there, " +
                         std::to_string(logon.failures_of_account) +
                         " of the account): " + printable(logon.reason),
                     account, logon.peer.address});
}

void Audit::ended_call(const csvp::EndedCall& call) {
    const std::string client = printable(call.user);
    std::string text = call.method;
    if (!client.empty()) text += " of " + client + " at " + call.peer.text();
    if (!call.subject.empty()) text += ", " + printable(call.subject);
    text += ": ";
    if (call.error)
        text += printable(call.error->message()) + " (" + csvp::text(call.code) + ")";
    else
        text += csvp::succeeded(call.code) ? "done" : csvp::text(call.code);
    tell_of_client(call.method, {LOG_NOTICE, text, client, call.peer.address});
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
