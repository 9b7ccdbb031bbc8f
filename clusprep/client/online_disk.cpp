// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/online_disk.hpp"

namespace mpapi::client {

Outcome<OnlineDisk> OnlineDisk::begin(Context& context) {
    Server& server = context.server;
    const csvp::DiskId& id = context.command.disk;
    if (const auto attached = server.attach(id); !attached) return attached.failure();
    OnlineDisk disk(context);
    if (context.session) return disk;

    const auto was_online = server.exchange<csvp::ClusterStorage2, csvp::CprepDiskIsOnline>({id});
    if (!was_online) return was_online.failure();
    if (!csvp::succeeded(was_online->result) && was_online->result != csvp::Hresult::NotReady)
        return server.failure(csvp::CprepDiskIsOnline::name, was_online->result);
    if (const auto owned = server.storage<csvp::CprepDiskPRArbitrate>({id}); !owned)
        return owned.failure();
    disk.restore_ = was_online->result == csvp::Hresult::NotReady;
    if (const auto online = server.storage<csvp::CprepDiskOnline>({id}); !online) {
        (void)disk.end(); // what went wrong first is what is told
        return online.failure();
    }
    return disk;
}

Outcome<Done> OnlineDisk::end() {
    if (!restore_) return Done{};
    restore_ = false;
    Server& server = context_.server;
    const csvp::DiskId& id = context_.command.disk;
    if (const auto offline = server.storage<csvp::CprepDiskOffline>({id}); !offline)
        return offline.failure();
    if (const auto stopped = server.storage<csvp::CprepDiskStopDefense>({id}); !stopped)
        return stopped.failure();
    return Done{};
}

} // namespace mpapi::client
