// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the sessions of one server share: the node, the options, the table of device numbers, and
// which LUNs sessions have arbitrated for. Loop thread only; outlives the sessions.
#pragma once

#include "clusprep/interfaces/disk_numbers.hpp"
#include "clusprep/interfaces/giving_up.hpp"
#include "clusprep/interfaces/node.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mpapi::csvp {

// A call has ended that the log has to tell of: one that changes something (changes_something), or
// one that failed where the node knows why. The client gets `code` alone.
struct EndedCall {
    const char* method = ""; // "CprepDiskOffline", or "rundown"
    std::string user;        // empty for a rundown, as `peer`
    rpc::PeerAddress peer;
    std::string subject; // subject_of() it; may be empty
    Hresult code = Hresult::Ok;
    std::optional<Error> error; // why, where the node said it
};

struct Options {
    // The number of the first partition of a disk: 0 here (MS-CSVP 3.3.4.4), 1 in later revisions
    // of the specification.
    std::uint32_t partition_base = 0;
    // Raw writes to other sectors than the two of CprepDiskGetArbSectors. What lies below the seam
    // has its own say.
    bool write_anywhere = false;
    std::function<void(const EndedCall&)> report = [](const EndedCall&) {};
    GivingUp::Later later;
};

class Machine {
  public:
    explicit Machine(Node& node, Options options = {})
      : node_(node)
      , options_(std::move(options))
      , giving_up_(node.disks(), options_.later, [this](const Failure& failure) {
          options_.report({"rundown", {}, {}, {}, failure.code, failure.error});
      }) {}
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    Node& node() { return node_; }
    const Options& options() const { return options_; }

    // The table, made when there is none. It lives as long as somebody holds it.
    std::shared_ptr<DiskNumbers> numbers() {
        auto held = numbers_.lock();
        if (!held) numbers_ = held = std::make_shared<DiskNumbers>();
        return held;
    }
    std::shared_ptr<DiskNumbers> numbers_in_use() const { return numbers_.lock(); }

    // Sessions that arbitrated for a LUN: the last one that goes gives it back.
    void claim(const std::string& key) {
        ++claims_[key];
        giving_up_.cease(key);
    }
    // Whether nobody claims it any more.
    bool unclaim(const std::string& key) {
        const auto found = claims_.find(key);
        if (found == claims_.end()) return true;
        if (--found->second != 0) return false;
        claims_.erase(found);
        return true;
    }
    bool claimed(const std::string& key) const { return claims_.contains(key); }
    GivingUp& giving_up() { return giving_up_; }

  private:
    Node& node_;
    Options options_;
    std::weak_ptr<DiskNumbers> numbers_;
    std::map<std::string, unsigned> claims_;
    GivingUp giving_up_;
};

} // namespace mpapi::csvp
