// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What happened, told in the journal, one line each: who activated what, how it ended, which calls
// changed something, who was refused and why. The fields CLUSPREP_CLIENT and CLUSPREP_ADDRESS can
// be searched for. What a peer wrote is text that was checked for control characters where it was
// parsed, and is cut to a sensible length.
//
// Lines repeat as often as a peer likes. Of each kind a few in a minute are written for each
// address, for each client who is let in some more; the others are counted, and summed up in a line
// when the minute is over.
#pragma once

#include "clusprep/dcom/exporter.hpp"
#include "clusprep/interfaces/machine.hpp"
#include "clusprep/repeats.hpp"
#include "clusprep/rpc/auth/acceptors.hpp"
#include "clusprep/rpc/server.hpp"

#include <functional>
#include <map>
#include <string>

namespace mpapi::clusprep {

// A line with its priority (LOG_…), and who it is about; both may be empty.
struct Line {
    int priority;
    std::string text;
    std::string client, address;
};

class Audit final : public dcom::Observer, public rpc::ServerObserver {
  public:
    using Sink = std::function<void(const Line&)>;
    using Clock = std::function<Repeats::Time()>;

    // `names`: of the classes, for people to read.
    Audit(Sink sink, Clock clock, std::map<ndr::Guid, std::string> names);

    void activated(const dcom::Caller& caller, const ndr::Guid& clsid, dcom::Oid oid) override;
    void activation_refused(const dcom::Caller& caller, const ndr::Guid& clsid,
                            dcom::HResult result, const std::string& reason) override;
    void interface_refused(const dcom::Caller& caller, const ndr::Guid& iid) override;
    void caller_refused(const dcom::Caller& caller, const std::string& what) override;
    void object_refused(const dcom::Caller& caller, const dcom::KnownObject& object) override;
    void ended(const dcom::KnownObject& object, dcom::Ending why) override;

    void refused(const rpc::PeerAddress& peer, const Error& why) override;

    void failed_logon(const rpc::FailedLogon& logon);
    void ended_call(const csvp::EndedCall& call);
    void note(int priority, const std::string& text);

    // Tells what was left out. To be called every few seconds.
    void sum_up();

  private:
    std::string class_name(const ndr::Guid& clsid) const;
    void tell_of_address(const char* kind, const rpc::PeerAddress& peer, const Line& line);
    void tell_of_client(const char* kind, const Line& line);

    Sink sink_;
    Clock clock_;
    std::map<ndr::Guid, std::string> names_;
    Repeats of_addresses_{{.written = 10}};
    Repeats of_clients_{{.written = 100}};
};

// Into the journal; on standard error where that is none of the journal's.
void write_line(const Line& line);

} // namespace mpapi::clusprep
