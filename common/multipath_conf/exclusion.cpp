// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/multipath_conf/exclusion.hpp"

#include "common/multipath_conf/pattern.hpp"

#include <algorithm>

namespace mpapi::multipath_conf {

namespace {

using Reason = ExclusionReason;

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

constexpr std::string_view blacklist = "blacklist";
constexpr std::string_view exceptions = "blacklist_exceptions";

// What devices once said must not be remembered without end.
constexpr std::size_t largest_memory = 256;

// What is the same for every disk with the same properties.
struct PropertyVerdict {
    enum class Kind { Allowed, Blacklisted, NotMentioned } kind = Kind::NotMentioned;
    std::string name;
    const Attribute* rule = nullptr;
};

// The rules as multipathd has loaded them, ready to be asked. Refers to the facts it is made of.
class Rules {
  public:
    explicit Rules(const ManagerFacts& manager)
      : manager_(manager) {
        if (!manager_.shown) return;
        for (const Section& section : manager_.shown->sections) {
            if (section.name == blacklist)
                add(section, blacklisted_);
            else if (section.name == exceptions)
                add(section, excepted_);
            else if (section.name == "defaults")
                defaults_ = &section;
        }
    }

    // The rule that excludes the text: null if none does, or an exception of its kind allows it.
    const Attribute* excluding(std::string_view kind, std::string_view text) const {
        return match(excepted_, kind, text) != nullptr ? nullptr : match(blacklisted_, kind, text);
    }
    bool excepted(std::string_view kind, std::string_view text) const {
        return match(excepted_, kind, text) != nullptr;
    }

    const Attribute* excluding_protocol(const std::string& protocol) {
        const auto [known, fresh] = remember(protocols_, protocol);
        if (fresh) known = excluding("protocol", protocol);
        return known;
    }

    const Section* excluding_device(const std::string& vendor, const std::string& product) {
        if (vendor.empty() || product.empty()) return nullptr;
        const auto [known, fresh] = remember(device_types_, std::pair(vendor, product));
        if (fresh)
            known = match_device(excepted_, vendor, product) != nullptr
                        ? nullptr
                        : match_device(blacklisted_, vendor, product);
        return known;
    }

    // filter_property(): the first property that is on either list decides.
    const PropertyVerdict&
    judge_properties(const std::shared_ptr<const std::vector<std::string>>& names) {
        const auto [known, fresh] = remember(properties_, names);
        if (!fresh || names == nullptr) return known;
        for (const std::string& name : *names) {
            if (excepted("property", name)) {
                known = {PropertyVerdict::Kind::Allowed, name, nullptr};
                break;
            }
            if (const Attribute* rule = match(blacklisted_, "property", name)) {
                known = {PropertyVerdict::Kind::Blacklisted, name, rule};
                break;
            }
        }
        return known;
    }

    // " (/etc/multipath.conf:12)" or " (built-in)".
    std::string origin(const Attribute& rule) const {
        return origin_of([&](const Section& section) -> std::uint32_t {
            for (const Attribute& written : section.attributes)
                if (written.key == rule.key && written.value == rule.value) return written.line;
            return 0;
        });
    }
    std::string origin(const Section& rule) const {
        const auto same = [](const Attribute* a, const Attribute* b) {
            return (a == nullptr) == (b == nullptr) && (a == nullptr || a->value == b->value);
        };
        return origin_of([&](const Section& section) -> std::uint32_t {
            for (const Section& written : section.subsections)
                if (same(written.find("vendor"), rule.find("vendor")) &&
                    same(written.find("product"), rule.find("product")))
                    return written.line;
            return 0;
        });
    }

    std::string default_value(std::string_view key) const {
        const Attribute* found = defaults_ != nullptr ? defaults_->find(key) : nullptr;
        return found != nullptr ? found->value : std::string();
    }

  private:
    struct Expression {
        const Attribute* written;
        Pattern pattern;
    };
    struct Device {
        const Section* written;
        std::optional<Pattern> vendor, product; // empty: any
    };
    struct List {
        std::vector<Expression> expressions;
        std::vector<Device> devices;
    };

    // The remembered answer to a question, and whether it is still to be given.
    template <typename Memory>
    static std::pair<typename Memory::mapped_type&, bool>
    remember(Memory& memory, const typename Memory::key_type& question) {
        if (memory.size() >= largest_memory) memory.clear();
        const auto [place, fresh] = memory.try_emplace(question);
        return {place->second, fresh};
    }

    static void add(const Section& section, List& list) {
        for (const Attribute& rule : section.attributes)
            if (auto pattern = Pattern::compile_rule(rule.value))
                list.expressions.push_back({&rule, std::move(*pattern)});
        for (const Section& rule : section.subsections) {
            Device device{&rule, {}, {}};
            if (compile(rule.find("vendor"), device.vendor) &&
                compile(rule.find("product"), device.product) && (device.vendor || device.product))
                list.devices.push_back(std::move(device));
        }
    }

    // False: it is no expression, and the rule matches nothing.
    static bool compile(const Attribute* expression, std::optional<Pattern>& into) {
        if (expression == nullptr) return true;
        auto pattern = Pattern::compile_rule(expression->value);
        if (pattern) into.emplace(std::move(*pattern));
        return into.has_value();
    }

    static const Attribute* match(const List& list, std::string_view kind, std::string_view text) {
        for (const Expression& rule : list.expressions)
            if (rule.written->key == kind && rule.pattern.matches(text)) return rule.written;
        return nullptr;
    }

    static const Section* match_device(const List& list, std::string_view vendor,
                                       std::string_view product) {
        for (const Device& rule : list.devices)
            if ((!rule.vendor || rule.vendor->matches(vendor)) &&
                (!rule.product || rule.product->matches(product)))
                return rule.written;
        return nullptr;
    }

    template <typename LineOf>
    std::string origin_of(LineOf line_of) const {
        for (const ConfFile& file : manager_.files)
            for (const Section& section : file.sections)
                if (section.name == blacklist)
                    if (const std::uint32_t line = line_of(section))
                        return " (" + file.name + ":" + std::to_string(line) + ")";
        return " (built-in)";
    }

    const ManagerFacts& manager_;
    const Section* defaults_ = nullptr;
    List blacklisted_;
    List excepted_;
    std::map<std::string, const Attribute*> protocols_;
    std::map<std::pair<std::string, std::string>, const Section*> device_types_;
    std::map<std::shared_ptr<const std::vector<std::string>>, PropertyVerdict> properties_;
};

class Judge {
  public:
    Judge(const DiskFacts& disk, const ManagerFacts& manager, Rules& rules) noexcept
      : disk_(disk)
      , manager_(manager)
      , rules_(rules) {}

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
        if (disk_.partition) return Exclusion{Reason::NotADisk, disk_.name + " is a partition."};
        switch (watch_state()) {
        case WatchState::Hidden:
            return Exclusion{Reason::NotADisk, disk_.name + " is a hidden disk."};
        case WatchState::Foreign:
            return Exclusion{Reason::NativeMultipath,
                             "Native NVMe multipath handles " + disk_.name + "."};
        default:
            break;
        }
        if (!name_of_multipath_disk() && !rules_.excepted("devnode", disk_.name))
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

    Found by_rule(Reason reason, std::string_view kind, const Attribute* rule) const {
        if (rule == nullptr) return std::nullopt;
        return Exclusion{reason, disk_.name + " is blacklisted by the " + std::string(kind) +
                                     " rule " + in_quotes(rule->value) + rules_.origin(*rule) +
                                     "."};
    }

    Found by_property() const {
        const PropertyVerdict& verdict = rules_.judge_properties(disk_.property_names);
        switch (verdict.kind) {
        case PropertyVerdict::Kind::Allowed:
            return std::nullopt;
        case PropertyVerdict::Kind::Blacklisted:
            return Exclusion{Reason::PropertyBlacklisted,
                             disk_.name + " is blacklisted for its udev property " + verdict.name +
                                 " by the property rule " + in_quotes(verdict.rule->value) +
                                 rules_.origin(*verdict.rule) + "."};
        case PropertyVerdict::Kind::NotMentioned:
            break;
        }
        // Without the property that carries the wwid, udev may just not have read the disk.
        std::string wwid_property = rules_.default_value("uid_attribute");
        if (disk_.name.starts_with("nvme")) wwid_property = "ID_WWN";
        if (!manager_.shown || wwid_property.empty() || !has_property(wwid_property))
            return std::nullopt;
        return Exclusion{Reason::PropertyMissing,
                         disk_.name + " has none of the udev properties that "
                                      "blacklist_exceptions asks for (SCSI_IDENT_*, ID_WWN)."};
    }

    bool has_property(const std::string& name) const {
        const auto& names = disk_.property_names;
        return names != nullptr && std::find(names->begin(), names->end(), name) != names->end();
    }

    Found by_device() const {
        const Section* rule = rules_.excluding_device(disk_.vendor, disk_.product);
        if (rule == nullptr) return std::nullopt;
        const auto shown = [&](std::string_view key) {
            const Attribute* value = rule->find(key);
            return std::string(key) + " " + (value == nullptr ? "any" : in_quotes(value->value));
        };
        return Exclusion{Reason::DeviceBlacklisted,
                         disk_.name + " is blacklisted by the device rule " + shown("vendor") +
                             ", " + shown("product") + rules_.origin(*rule) + "."};
    }

    Found blacklisted() const {
        if (disk_.usb && rules_.default_value("allow_usb_devices") == "no")
            return Exclusion{Reason::UsbNotAllowed, disk_.name + " is a USB disk, and "
                                                                 "allow_usb_devices is \"no\"."};
        if (auto found = by_property()) return found;
        if (auto found = by_rule(Reason::DevnodeBlacklisted, "devnode",
                                 rules_.excluding("devnode", disk_.name)))
            return found;
        // Without its configuration there is still what multipathd says of the name.
        if (!manager_.shown && watch_state() == WatchState::DevnodeBlacklisted)
            return Exclusion{Reason::DevnodeBlacklisted,
                             disk_.name + " is blacklisted by a devnode rule."};
        if (auto found = by_device()) return found;
        if (!disk_.protocol.empty())
            if (auto found = by_rule(Reason::ProtocolBlacklisted, "protocol",
                                     rules_.excluding_protocol(disk_.protocol)))
                return found;
        if (disk_.wwid.empty()) return std::nullopt;
        return by_rule(Reason::WwidBlacklisted, "wwid", rules_.excluding("wwid", disk_.wwid));
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
        if (mode == "smart" && disk_.waiting)
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
    Rules& rules_;
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

struct Exclusions::Prepared {
    explicit Prepared(ManagerFacts facts)
      : manager(std::move(facts))
      , rules(manager) {}

    ManagerFacts manager;
    Rules rules;
};

Exclusions::Exclusions(ManagerFacts manager)
  : prepared_(std::make_unique<Prepared>(std::move(manager))) {}
Exclusions::~Exclusions() = default;
Exclusions::Exclusions(Exclusions&&) noexcept = default;
Exclusions& Exclusions::operator=(Exclusions&&) noexcept = default;

Exclusion Exclusions::of(const DiskFacts& disk) {
    return Judge(disk, prepared_->manager, prepared_->rules).judge();
}

void Exclusions::set_devices(std::map<std::string, WatchState, std::less<>> devices) {
    prepared_->manager.devices = std::move(devices);
}

Exclusion why_in_no_map(const DiskFacts& disk, const ManagerFacts& manager) {
    return Exclusions(manager).of(disk);
}

} // namespace mpapi::multipath_conf
