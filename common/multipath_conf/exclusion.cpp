// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/multipath_conf/exclusion.hpp"

#include "common/multipath_conf/pattern.hpp"

#include <algorithm>

namespace mpapi::multipath_conf {

namespace {

using Reason = ExclusionReason;

const std::string* property(const DiskFacts& disk, std::string_view name) noexcept {
    for (const auto& [key, value] : disk.properties)
        if (key == name) return &value;
    return nullptr;
}

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        if (!text.empty()) text += ", ";
        text += word;
    }
    return text;
}

std::string in_quotes(std::string_view text) {
    return "\"" + std::string(text) + "\"";
}

// The rules of one kind ("devnode") in one list, as multipathd has loaded them.
class Rules {
  public:
    explicit Rules(const ManagerFacts& manager) noexcept
      : manager_(manager) {}

    // The first rule of the list that the text matches; nullptr if none does.
    const Attribute* match(std::string_view list, std::string_view kind,
                           std::string_view text) const {
        if (!manager_.shown) return nullptr;
        for (const Section& section : manager_.shown->sections) {
            if (section.name != list) continue;
            for (const Attribute& rule : section.attributes) {
                if (rule.key != kind) continue;
                const auto pattern = Pattern::compile_rule(rule.value);
                if (pattern && pattern->matches(text)) return &rule;
            }
        }
        return nullptr;
    }

    const Section* match_device(std::string_view list, const DiskFacts& disk) const {
        if (!manager_.shown || disk.vendor.empty() || disk.product.empty()) return nullptr;
        for (const Section& section : manager_.shown->sections)
            if (section.name == list)
                for (const Section& rule : section.subsections)
                    if (device_matches(rule, disk)) return &rule;
        return nullptr;
    }

    // " (/etc/multipath.conf:12)" or " (built-in)".
    std::string origin(std::string_view list, const Attribute& rule) const {
        return origin_of(list, [&](const Section& section) -> std::uint32_t {
            for (const Attribute& written : section.attributes)
                if (written.key == rule.key && written.value == rule.value) return written.line;
            return 0;
        });
    }
    std::string origin(std::string_view list, const Section& rule) const {
        const auto same = [](const Attribute* a, const Attribute* b) {
            return (a == nullptr) == (b == nullptr) && (a == nullptr || a->value == b->value);
        };
        return origin_of(list, [&](const Section& section) -> std::uint32_t {
            for (const Section& written : section.subsections)
                if (same(written.find("vendor"), rule.find("vendor")) &&
                    same(written.find("product"), rule.find("product")))
                    return written.line;
            return 0;
        });
    }

    std::string default_value(std::string_view key) const {
        if (manager_.shown)
            for (const Section& section : manager_.shown->sections)
                if (section.name == "defaults")
                    if (const Attribute* found = section.find(key)) return found->value;
        return {};
    }

  private:
    static bool device_matches(const Section& rule, const DiskFacts& disk) {
        const Attribute* vendor = rule.find("vendor");
        const Attribute* product = rule.find("product");
        if (vendor == nullptr && product == nullptr) return false;
        const auto fits = [](const Attribute* expression, std::string_view text) {
            if (expression == nullptr) return true;
            const auto pattern = Pattern::compile_rule(expression->value);
            return pattern && pattern->matches(text);
        };
        return fits(vendor, disk.vendor) && fits(product, disk.product);
    }

    template <typename LineOf>
    std::string origin_of(std::string_view list, LineOf line_of) const {
        for (const ConfFile& file : manager_.files)
            for (const Section& section : file.sections)
                if (section.name == list)
                    if (const std::uint32_t line = line_of(section))
                        return " (" + file.name + ":" + std::to_string(line) + ")";
        return " (built-in)";
    }

    const ManagerFacts& manager_;
};

constexpr std::string_view blacklist = "blacklist";
constexpr std::string_view exceptions = "blacklist_exceptions";

class Judge {
  public:
    Judge(const DiskFacts& disk, const ManagerFacts& manager) noexcept
      : disk_(disk)
      , manager_(manager)
      , rules_(manager) {}

    Exclusion judge() const {
        if (auto found = not_for_multipath()) return *std::move(found);
        if (auto found = no_manager()) return *std::move(found);
        if (auto found = blacklisted()) return *std::move(found);
        if (auto found = not_chosen()) return *std::move(found);
        if (!disk_.users.empty())
            return {Reason::InUse, disk_.name + " is in use by " + join(disk_.users) + "."};
        if (watch_state() == WatchState::Monitored)
            return {Reason::Unknown, "multipathd watches " + disk_.name +
                                         " but has made no map of it; its journal may say why."};
        return {Reason::Unknown, "No rule keeps " + disk_.name + " out of a map."};
    }

  private:
    using Found = std::optional<Exclusion>;

    WatchState watch_state() const {
        const auto found = manager_.devices.find(disk_.name);
        return found == manager_.devices.end() ? WatchState::Unknown : found->second;
    }

    // The default devnode rule of multipath-tools knows these alone.
    bool name_of_multipath_disk() const noexcept {
        const std::string_view name = disk_.name;
        return name.starts_with("sd") || name.starts_with("dasd") || name.starts_with("nvme");
    }

    Found not_for_multipath() const {
        if (disk_.device_type && *disk_.device_type != 0x00 && *disk_.device_type != 0x0e &&
            *disk_.device_type != 0x14)
            return Exclusion{Reason::NotADisk, disk_.name +
                                                   " is not a disk (peripheral device type " +
                                                   std::to_string(*disk_.device_type) + ")."};
        if (const auto* type = property(disk_, "DEVTYPE"); type != nullptr && *type == "partition")
            return Exclusion{Reason::NotADisk, disk_.name + " is a partition."};
        switch (watch_state()) {
        case WatchState::Hidden:
            return Exclusion{Reason::NotADisk, disk_.name + " is a hidden disk."};
        case WatchState::Foreign:
            return Exclusion{Reason::NativeMultipath,
                             "Native NVMe multipath handles " + disk_.name + "."};
        default:
            break;
        }
        if (!name_of_multipath_disk() && rules_.match(exceptions, "devnode", disk_.name) == nullptr)
            return Exclusion{Reason::NotScsi, disk_.name + " is not a SCSI, DASD or NVMe disk."};
        return std::nullopt;
    }

    Found no_manager() const {
        const std::string because =
            manager_.state_reason.empty() ? "" : " (" + manager_.state_reason + ")";
        if (manager_.disabled_on_command_line)
            return Exclusion{Reason::DisabledOnCommandLine,
                             "Multipath is switched off on the kernel's command line."};
        switch (manager_.state) {
        case ManagerState::Stopped:
            return Exclusion{Reason::NoManager, "multipathd is not running" + because + "."};
        case ManagerState::Unknown:
            return Exclusion{Reason::ManagerUnknown,
                             "It is not known whether multipathd is running" + because + "."};
        case ManagerState::Running:
            break;
        }
        return std::nullopt;
    }

    Found by_rule(Reason reason, std::string_view kind, std::string_view text) const {
        if (text.empty() || rules_.match(exceptions, kind, text) != nullptr) return std::nullopt;
        const Attribute* rule = rules_.match(blacklist, kind, text);
        if (rule == nullptr) return std::nullopt;
        return Exclusion{reason, disk_.name + " is blacklisted by the " + std::string(kind) +
                                     " rule " + in_quotes(rule->value) +
                                     rules_.origin(blacklist, *rule) + "."};
    }

    // filter_property(): the first property that is on either list decides.
    Found by_property() const {
        for (const auto& [name, value] : disk_.properties) {
            if (rules_.match(exceptions, "property", name) != nullptr) return std::nullopt;
            if (const Attribute* rule = rules_.match(blacklist, "property", name))
                return Exclusion{Reason::PropertyBlacklisted,
                                 disk_.name + " is blacklisted for its udev property " + name +
                                     " by the property rule " + in_quotes(rule->value) +
                                     rules_.origin(blacklist, *rule) + "."};
        }
        // Without the property that carries the wwid, udev may just not have read the disk.
        std::string wwid_property = rules_.default_value("uid_attribute");
        if (disk_.name.starts_with("nvme")) wwid_property = "ID_WWN";
        if (!manager_.shown || wwid_property.empty() || property(disk_, wwid_property) == nullptr)
            return std::nullopt;
        return Exclusion{Reason::PropertyMissing,
                         disk_.name + " has none of the udev properties that "
                                      "blacklist_exceptions asks for (SCSI_IDENT_*, ID_WWN)."};
    }

    Found by_device() const {
        if (rules_.match_device(exceptions, disk_) != nullptr) return std::nullopt;
        const Section* rule = rules_.match_device(blacklist, disk_);
        if (rule == nullptr) return std::nullopt;
        const auto shown = [&](std::string_view key) {
            const Attribute* value = rule->find(key);
            return std::string(key) + " " + (value == nullptr ? "any" : in_quotes(value->value));
        };
        return Exclusion{Reason::DeviceBlacklisted,
                         disk_.name + " is blacklisted by the device rule " + shown("vendor") +
                             ", " + shown("product") + rules_.origin(blacklist, *rule) + "."};
    }

    Found blacklisted() const {
        if (disk_.usb && rules_.default_value("allow_usb_devices") == "no")
            return Exclusion{Reason::UsbNotAllowed, disk_.name + " is a USB disk, and "
                                                                 "allow_usb_devices is \"no\"."};
        if (auto found = by_property()) return found;
        if (auto found = by_rule(Reason::DevnodeBlacklisted, "devnode", disk_.name)) return found;
        // Without its configuration there is still what multipathd says of the name.
        if (!manager_.shown && watch_state() == WatchState::DevnodeBlacklisted)
            return Exclusion{Reason::DevnodeBlacklisted,
                             disk_.name + " is blacklisted by a devnode rule."};
        if (auto found = by_device()) return found;
        if (auto found = by_rule(Reason::ProtocolBlacklisted, "protocol", disk_.protocol))
            return found;
        return by_rule(Reason::WwidBlacklisted, "wwid", disk_.wwid);
    }

    Found not_chosen() const {
        if (disk_.wwid.empty())
            return Exclusion{Reason::NoWwid, disk_.name + " has no WWID (udev has read none)."};
        if (disk_.map_failed)
            return Exclusion{Reason::MapFailed,
                             "multipathd could not set up a map for " + disk_.wwid +
                                 (disk_.users.empty() ? "."
                                                      : "; " + disk_.name + " is in use by " +
                                                            join(disk_.users) + ".")};
        const std::string mode = rules_.default_value("find_multipaths");
        const bool known = disk_.in_wwids_file.value_or(false);
        if (mode == "strict" && disk_.in_wwids_file == false)
            return Exclusion{Reason::NotInWwidsFile,
                             "find_multipaths is \"strict\", and " + disk_.wwid +
                                 " is not in the wwids file: it was never in a map."};
        const bool counts_paths = mode == "yes" || mode == "on" || mode == "smart";
        if (!counts_paths || known || disk_.paths >= 2) return std::nullopt;
        const auto* until = property(disk_, "FIND_MULTIPATHS_WAIT_UNTIL");
        const auto* held = property(disk_, "DM_MULTIPATH_DEVICE_PATH");
        if (mode == "smart" && until != nullptr && *until != "0" && held != nullptr && *held == "1")
            return Exclusion{Reason::WaitingForPaths,
                             "find_multipaths is \"smart\": multipathd waits whether a second "
                             "path to " +
                                 disk_.wwid + " appears."};
        return Exclusion{Reason::OnlyOnePath, "find_multipaths is " + in_quotes(mode) +
                                                  ", and only one path to " + disk_.wwid +
                                                  " has been seen."};
    }

    const DiskFacts& disk_;
    const ManagerFacts& manager_;
    Rules rules_;
};

} // namespace

std::string_view to_string(ExclusionReason reason) noexcept {
    switch (reason) {
    case Reason::Unknown:
        return "unknown";
    case Reason::NotADisk:
        return "not-a-disk";
    case Reason::NotScsi:
        return "not-scsi";
    case Reason::NativeMultipath:
        return "native-multipath";
    case Reason::DisabledOnCommandLine:
        return "disabled-on-command-line";
    case Reason::NoManager:
        return "no-manager";
    case Reason::ManagerUnknown:
        return "manager-unknown";
    case Reason::UsbNotAllowed:
        return "usb-not-allowed";
    case Reason::PropertyBlacklisted:
        return "property-blacklisted";
    case Reason::PropertyMissing:
        return "property-missing";
    case Reason::DevnodeBlacklisted:
        return "devnode-blacklisted";
    case Reason::DeviceBlacklisted:
        return "device-blacklisted";
    case Reason::ProtocolBlacklisted:
        return "protocol-blacklisted";
    case Reason::WwidBlacklisted:
        return "wwid-blacklisted";
    case Reason::NoWwid:
        return "no-wwid";
    case Reason::MapFailed:
        return "map-failed";
    case Reason::NotInWwidsFile:
        return "not-in-wwids-file";
    case Reason::OnlyOnePath:
        return "only-one-path";
    case Reason::WaitingForPaths:
        return "waiting-for-paths";
    case Reason::InUse:
        return "in-use";
    }
    return "unknown";
}

Exclusion why_in_no_map(const DiskFacts& disk, const ManagerFacts& manager) {
    return Judge(disk, manager).judge();
}

} // namespace mpapi::multipath_conf
