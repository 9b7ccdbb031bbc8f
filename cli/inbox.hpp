// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Registers with plugins for all changes and keeps, in order, what their threads tell, until the
// thread of `watch` takes it.
#pragma once

#include "cli/objects.hpp"

#include <chrono>
#include <mutex>
#include <unordered_set>
#include <vector>

namespace mpapi::cli {

class Inbox {
  public:
    enum class What { Changed, Appeared, Disappeared };
    struct Told {
        What what = What::Changed;
        MP_OID oid{};
        std::chrono::system_clock::time_point time;
    };

    // An eventfd, readable while there is something to take.
    explicit Inbox(int descriptor)
      : descriptor_(descriptor) {}
    ~Inbox();
    Inbox(const Inbox&) = delete;
    Inbox& operator=(const Inbox&) = delete;

    MP_STATUS register_with(const MP_OID& plugin);
    std::vector<Told> take();

  private:
    static void changed(MP_OID_LIST* list, void* inbox);
    static void seen(MP_BOOL becoming_visible, MP_OID_LIST* list, void* inbox);
    void put(What what, const MP_OID_LIST& list);

    int descriptor_;
    std::vector<MP_OID> plugins_; // that it is registered with
    std::mutex mutex_;
    std::vector<Told> told_;
    // Of the changed ones that wait in told_: they are read when they are taken, so once is enough.
    std::unordered_set<MP_OID, OidHash, SameOid> waiting_;
};

} // namespace mpapi::cli
