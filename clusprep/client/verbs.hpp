// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What each verb does: the prelude that MS-CSVP demands, the method, its answer as a report. One
// file for each group of the command line.
#pragma once

#include "clusprep/client/command.hpp"

namespace mpapi::client {

// disk_verbs.cpp
Outcome<Report> disk_list(Context& context);
Outcome<Report> disk_prepare(Context& context);
Outcome<Report> disk_props(Context& context);
Outcome<Report> disk_attach(Context& context);
Outcome<Report> disk_online(Context& context);
Outcome<Report> disk_set_online(Context& context);
Outcome<Report> disk_is_online(Context& context);
Outcome<Report> disk_offline(Context& context);
Outcome<Report> disk_unique(Context& context);

// raw_verbs.cpp
Outcome<Report> disk_read(Context& context);
Outcome<Report> disk_write(Context& context);
Outcome<Report> disk_scratch(Context& context);
Outcome<Report> disk_readable(Context& context);
Outcome<Report> disk_ids(Context& context);
Outcome<Report> disk_dsms(Context& context);

// reservation_verbs.cpp
Outcome<Report> pr_register(Context& context);
Outcome<Report> pr_unregister(Context& context);
Outcome<Report> pr_reserve(Context& context);
Outcome<Report> pr_release(Context& context);
Outcome<Report> pr_preempt(Context& context);
Outcome<Report> pr_clear(Context& context);
Outcome<Report> pr_present(Context& context);
Outcome<Report> pr_arbitrate(Context& context);
Outcome<Report> pr_stop_defense(Context& context);

// partition_verbs.cpp
Outcome<Report> partition_fs(Context& context);
Outcome<Report> partition_is_ntfs(Context& context);
Outcome<Report> file_write(Context& context);
Outcome<Report> file_verify(Context& context);
Outcome<Report> file_delete(Context& context);

// network_verbs.cpp
Outcome<Report> network_initialize(Context& context);
Outcome<Report> network_adapters(Context& context);
Outcome<Report> network_ping(Context& context);
Outcome<Report> network_firewall(Context& context);
Outcome<Report> network_cleanup(Context& context);
Outcome<Report> firewall(Context& context);

// setup_verbs.cpp
Outcome<Report> setup_secret_set(Context& context);
Outcome<Report> setup_secret_get(Context& context);
Outcome<Report> setup_label(Context& context);
Outcome<Report> log_all(Context& context);
Outcome<Report> log_span(Context& context);
Outcome<Report> cleanup_node(Context& context);
Outcome<Report> cleanup_pr(Context& context);

// flow_verbs.cpp
Outcome<Report> flow_online(Context& context);
Outcome<Report> flow_network(Context& context);
Outcome<Report> flow_setup(Context& context);

} // namespace mpapi::client
