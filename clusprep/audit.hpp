// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What happened, told in the journal, one line each: who activated what, who was refused and why.
// The fields CLUSPREP_CLIENT and CLUSPREP_ADDRESS can be searched for. What a peer wrote is text
// that was checked for control characters where it was parsed, and is cut to a sensible length.
#pragma once

#include "clusprep/dcom/exporter.hpp"
#include "clusprep/interfaces/machine.hpp"
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

    // `names`: of the classes, for people to read.
    Audit(Sink sink, std::map<ndr::Guid, std::string> names);

    void activated(const dcom::Caller& caller, const ndr::Guid& clsid, dcom::Oid oid) override;
    void activation_refused(const dcom::Caller& caller, const ndr::Guid& clsid,
                            dcom::HResult result, const std::string& reason) override;
    void interface_refused(const dcom::Caller& caller, const ndr::Guid& iid) override;
    void caller_refused(const dcom::Caller& caller, const std::string& what) override;
    void ended(dcom::Oid oid) override;

    void connection_ended(std::uint64_t) override {}
    void association_ended(std::uint32_t) override {}
    void refused(const rpc::PeerAddress& peer, const Error& why) override;

    void failed_logon(const rpc::FailedLogon& logon);
    void failed_call(const csvp::FailedCall& call);
    void note(int priority, const std::string& text);

  private:
    std::string class_name(const ndr::Guid& clsid) const;

    Sink sink_;
    std::map<ndr::Guid, std::string> names_;
};

// Into the journal; on standard error where that is none of the journal's.
void write_line(const Line& line);

} // namespace mpapi::clusprep
