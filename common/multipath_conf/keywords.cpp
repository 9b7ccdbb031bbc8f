// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/multipath_conf/keywords.hpp"

#include <algorithm>
#include <array>

namespace mpapi::multipath_conf {

namespace {

constexpr auto D = in_defaults;
constexpr std::uint8_t DVO = in_defaults | in_devices | in_overrides;
constexpr std::uint8_t all = DVO | in_multipaths;

constexpr Keyword of_map(std::string_view name, std::uint8_t sections) noexcept {
    return {name, KeyKind::OfMap, sections};
}
constexpr Keyword of_daemon(std::string_view name) noexcept {
    return {name, KeyKind::OfDaemon, D};
}
constexpr Keyword selecting(std::string_view name, std::uint8_t sections) noexcept {
    return {name, KeyKind::Selecting, sections};
}

// Sorted by name.
constexpr std::array keywords = {
    of_map("alias", in_multipaths),
    of_map("alias_prefix", DVO),
    of_map("all_tg_pt", DVO),
    of_map("allow_usb_devices", D),
    of_map("auto_resize", D),
    of_daemon("bindings_file"),
    of_map("checker_timeout", D),
    of_daemon("config_dir"),
    of_map("deferred_remove", all),
    of_map("delay_wait_checks", all),
    of_map("delay_watch_checks", all),
    of_map("detect_checker", DVO),
    of_map("detect_pgpolicy", DVO),
    of_map("detect_pgpolicy_use_tpg", DVO),
    of_map("detect_prio", DVO),
    of_map("dev_loss_tmo", DVO | in_protocol),
    of_map("disable_changed_wwids", D),
    of_map("eh_deadline", DVO | in_protocol),
    of_daemon("enable_foreign"),
    of_map("failback", all),
    of_map("fast_io_fail_tmo", DVO | in_protocol),
    of_map("features", all),
    of_map("find_multipaths", D),
    of_map("find_multipaths_timeout", D),
    of_map("flush_on_last_del", all),
    of_daemon("force_sync"),
    of_map("ghost_delay", all),
    of_map("gid", D | in_multipaths),
    of_map("hardware_handler", in_devices),
    of_daemon("log_checker_err"),
    of_map("marginal_path_double_failed_time", all),
    of_map("marginal_path_err_rate_threshold", all),
    of_map("marginal_path_err_recheck_gap_time", all),
    of_map("marginal_path_err_sample_time", all),
    of_map("marginal_pathgroups", D),
    of_daemon("max_fds"),
    of_map("max_polling_interval", D),
    of_map("max_sectors_kb", all),
    of_daemon("missing_uev_wait_timeout"),
    of_map("mode", D | in_multipaths),
    of_daemon("multipath_dir"),
    of_map("no_path_retry", all),
    of_daemon("partition_delimiter"),
    of_map("path_checker", DVO),
    of_map("path_grouping_policy", all),
    of_map("path_selector", all),
    of_map("polling_interval", D),
    of_map("prio", all),
    of_map("prio_args", all),
    of_daemon("prkeys_file"),
    selecting("product", in_devices),
    selecting("product_blacklist", in_devices),
    of_map("queue_without_daemon", D),
    of_map("reassign_maps", D),
    of_map("recheck_wwid", DVO),
    of_daemon("remove_retries"),
    of_map("reservation_key", D | in_multipaths),
    of_map("retain_attached_hw_handler", DVO),
    of_daemon("retrigger_delay"),
    of_daemon("retrigger_tries"),
    selecting("revision", in_devices),
    of_map("rr_min_io", all),
    of_map("rr_min_io_rq", all),
    of_map("rr_weight", all),
    of_map("san_path_err_forget_rate", all),
    of_map("san_path_err_recovery_time", all),
    of_map("san_path_err_threshold", all),
    of_map("skip_kpartx", all),
    of_daemon("strict_timing"),
    selecting("type", in_protocol),
    of_map("uid", D | in_multipaths),
    of_map("uid_attribute", DVO),
    of_map("uid_attrs", D),
    of_map("user_friendly_names", all),
    of_daemon("uxsock_timeout"),
    selecting("vendor", in_devices),
    of_daemon("verbosity"),
    of_map("vpd_vendor", in_devices),
    selecting("wwid", in_multipaths),
    of_daemon("wwids_file"),
};

constexpr bool by_name(const Keyword& a, const Keyword& b) noexcept {
    return a.name < b.name;
}
static_assert(std::is_sorted(keywords.begin(), keywords.end(), by_name));

} // namespace

Keyword find_keyword(std::string_view name) noexcept {
    const Keyword wanted{name, KeyKind::Unknown, 0};
    const auto found = std::lower_bound(keywords.begin(), keywords.end(), wanted, by_name);
    return found != keywords.end() && found->name == name ? *found : wanted;
}

} // namespace mpapi::multipath_conf
