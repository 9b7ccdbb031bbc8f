// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/verbs.hpp"

#include <array>

namespace mpapi::client {
namespace {

constexpr auto group_table = std::to_array<Group>({
    {"disk", "disks of a node: multipath units, and disks that are in none"},
    {"pr", "persistent reservations (SPC-3) and ownership of a disk"},
    {"partition", "what is on the partitions of a disk"},
    {"file", "files on a partition"},
    {"network", "network adapters of a node, and whom it reaches"},
    {"setup", "the cluster secret and the node's name"},
    {"setup secret", "the secret that the nodes of a cluster share"},
    {"log", "gather diagnostic logs on the node"},
    {"cleanup", "make a node that was evicted what it was before"},
    {"flow", "the message flows of MS-CSVP section 4, step by step"},
});

constexpr auto verb_table = std::to_array<Verb>({
    {"disk list", "All disks and what is known of them", "CprepDiskGetProps", takes_nothing,
     disk_list},
    {"disk prepare", "Versions, and how many disks there are",
     "CprepPrepareNode, CprepPrepareNodePhase2", takes_nothing, disk_prepare},
    {"disk props", "All about one disk", "CprepDiskGetProps", takes_disk, disk_props},
    {"disk attach", "Make the node ready to work with a disk", "CprepDiskAttach", takes_disk,
     disk_attach},
    {"disk online", "Bring a disk online, and wait for it", "CprepDiskOnline", takes_disk,
     disk_online},
    {"disk set-online", "Begin to bring a disk online", "CprepDiskSetOnline", takes_disk,
     disk_set_online},
    {"disk is-online", "Is the disk online?", "CprepDiskIsOnline", takes_disk, disk_is_online},
    {"disk offline", "Unmount its file systems, and block access to it", "CprepDiskOffline",
     takes_disk, disk_offline},
    {"disk unique", "Is it the only one with this identifier?", "CprepDiskVerifyUnique", takes_disk,
     disk_unique},
    {"disk read", "Read sectors, past every cache", "CprepDiskRawRead",
     takes_disk | takes_sector | takes_bytes | takes_output, disk_read},
    {"disk write", "Write a sector, past every cache", "CprepDiskRawWrite",
     takes_disk | takes_sector | takes_content, disk_write},
    {"disk scratch", "Two sectors that may be written without harm", "CprepDiskGetArbSectors",
     takes_disk, disk_scratch},
    {"disk readable", "Try to read from the disk", "CprepDiskIsReadable", takes_disk,
     disk_readable},
    {"disk ids", "How the device identifies itself (VPD page 83h)", "CprepDiskGetUniqueIds",
     takes_disk, disk_ids},
    {"disk dsms", "Multipath drivers of the node", "CprepDiskGetDsms", takes_nothing, disk_dsms},

    {"pr register", "Register the node's key", "CprepDiskPRRegister", takes_disk, pr_register},
    {"pr unregister", "Remove the node's key", "CprepDiskPRUnRegister", takes_disk, pr_unregister},
    {"pr reserve", "Reserve the disk", "CprepDiskPRReserve", takes_disk, pr_reserve},
    {"pr release", "Release the node's reservation", "CprepDiskPRRelease", takes_disk, pr_release},
    {"pr preempt", "Take the reservation over", "CprepDiskPRPreempt", takes_disk, pr_preempt},
    {"pr clear", "Remove the reservation and all keys", "CprepDiskPRClear", takes_disk, pr_clear},
    {"pr present", "Is the disk reserved by anybody?", "CprepDiskIsPRPresent", takes_disk,
     pr_present},
    {"pr arbitrate", "Take ownership of the disk, which lasts as long as this command",
     "CprepDiskPRArbitrate", takes_disk | takes_hold, pr_arbitrate},
    {"pr stop-defense", "Give up ownership of a disk that is offline", "CprepDiskStopDefense",
     takes_disk, pr_stop_defense},

    {"partition fs", "The name of the file system", "CprepDiskGetFSName",
     takes_disk | takes_partition, partition_fs},
    {"partition is-ntfs", "Is the file system NTFS?", "CprepDiskDiskPartitionIsNtfs",
     takes_disk | takes_partition, partition_is_ntfs},

    {"file write", "Make or replace a file", "CprepDiskWriteFileData",
     takes_disk | takes_partition | takes_path | takes_content | takes_any_fs, file_write},
    {"file verify", "Does the file hold that, and nothing else?", "CprepDiskVerifyFileData",
     takes_disk | takes_partition | takes_path | takes_content | takes_any_fs, file_verify},
    {"file delete", "Delete a file", "CprepDiskDeleteFile",
     takes_disk | takes_partition | takes_path | takes_any_fs, file_delete},

    {"network initialize", "Versions, and the cluster's UDP port", "InitializeNode", takes_nothing,
     network_initialize},
    {"network adapters", "Network adapters and their addresses", "GetIpConfigSerialized", takes_all,
     network_adapters},
    {"network ping", "Does an echo go from one address to another and back?", "SendRTMessage",
     takes_addresses, network_ping},
    {"network firewall", "Does the firewall let a cluster's traffic in?",
     "QueryFirewallConfiguration", takes_nothing, network_firewall},
    {"network cleanup", "Undo what initialize did", "CleanupNode", takes_nothing, network_cleanup},

    {"firewall", "What the firewall lets in, adapter by adapter",
     "InitializeAdapterConfiguration, GetNextAdapterFirewallConfiguration", takes_nothing,
     firewall},

    {"setup secret set", "Store the secret, in place of what there was", "ConfigSvcSecret",
     takes_secret, setup_secret_set},
    {"setup secret get", "Read the secret", "RetrieveSvcSecret", takes_output, setup_secret_get},
    {"setup label", "The node's host name", "RetrieveHostLabel", takes_nothing, setup_label},

    {"log all", "A log of everything", "GenerateClusterLog", takes_nothing, log_all},
    {"log span", "A log of the last minutes", "GenerateTimeSpanLog", takes_minutes, log_span},

    {"cleanup node", "Remove all that made the node part of a cluster", "CleanUpEvictedNode",
     takes_cleanup, cleanup_node},
    {"cleanup pr", "Remove the reservation and all keys of a disk", "ClearPR", takes_number,
     cleanup_pr},

    {"flow online", "Bring a shared disk online (4.1)", "CprepPrepareNode to CprepDiskOnline",
     takes_disk | takes_hold, flow_online},
    {"flow network", "Validate the network (4.2)", "InitializeNode to CleanupNode", takes_addresses,
     flow_network},
    {"flow setup", "Set a cluster up (4.3)", "ConfigSvcSecret to RetrieveHostLabel", takes_secret,
     flow_setup},

    {"session", "Read commands, and keep what they bring about until the end", "", takes_going,
     nullptr},
});

} // namespace

std::span<const Verb> verbs() {
    return verb_table;
}

std::span<const Group> groups() {
    return group_table;
}

} // namespace mpapi::client
