// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/udev.hpp"

#include "daemon/kernel/disk_reader.hpp"

#include <linux/filter.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace mpapi::kernel {
namespace {

constexpr const char* tag = "mpapi";
// A disk is about 1 KiB on the wire; 4096 disks of a SAN that comes back at once come in bursts.
// The kernel gives less where net.core.rmem_max says so and we lack CAP_NET_ADMIN.
constexpr int receive_buffer = 16 * 1024 * 1024;

// Where udev looks for rules (udev(7)); one that is overridden by an empty file of the same name is
// off on purpose, and then the subsystem filter would be against that purpose only in cost.
bool rule_is_installed() {
    constexpr std::array folders{"/etc/udev/rules.d", "/run/udev/rules.d",
                                 "/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d",
                                 "/lib/udev/rules.d"};
    for (const auto* folder : folders) {
        const auto path = std::string(folder) + "/70-mpapi.rules";
        if (::access(path.c_str(), R_OK) == 0) return true;
    }
    return false;
}

constexpr std::uint32_t word(const char (&text)[5]) {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i)
        value = value << 8 | static_cast<std::uint8_t>(text[i]);
    return value;
}

// A message of the kernel begins with ACTION@DEVPATH (lib/kobject_uevent.c). What passes: a change
// of anything but virtual devices, of which device-mapper's maps are the busy ones.
Status pass_changes_of_hardware(int socket) {
    constexpr std::uint16_t load = BPF_LD | BPF_W | BPF_ABS, equal = BPF_JMP | BPF_JEQ | BPF_K,
                            result = BPF_RET | BPF_K;
    std::array<sock_filter, 14> program{{
        {load, 0, 0, 0},
        {equal, 0, 10, word("chan")},
        {load, 0, 0, 4},
        {equal, 0, 8, word("ge@/")},
        {load, 0, 0, 8},
        {equal, 0, 7, word("devi")},
        {load, 0, 0, 12},
        {equal, 0, 5, word("ces/")},
        {load, 0, 0, 16},
        {equal, 0, 3, word("virt")},
        {load, 0, 0, 20},
        {equal, 0, 1, word("ual/")},
        {result, 0, 0, 0},
        {result, 0, 0, UINT32_MAX},
    }};
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    if (::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0)
        return Error{"filter uevents", "", "", errno};
    return Done{};
}

Error failure(const char* action, int result) {
    return Error{action, "", "", result < 0 ? -result : errno};
}

} // namespace

Result<std::unique_ptr<Udev>> Udev::open() {
    Context context(udev_new());
    if (!context) return failure("open libudev", 0);
    Monitor monitor(udev_monitor_new_from_netlink(context.get(), "udev"));
    if (!monitor) return failure("subscribe to udev", 0);

    if (rule_is_installed()) {
        if (const int r = udev_monitor_filter_add_match_tag(monitor.get(), tag); r < 0)
            return failure("filter udev events", r);
    } else {
        for (const auto& [subsystem, type] :
             {std::pair{"block", "disk"}, {"scsi", "scsi_device"}, {"misc", nullptr}}) {
            const int r =
                udev_monitor_filter_add_match_subsystem_devtype(monitor.get(), subsystem, type);
            if (r < 0) return failure("filter udev events", r);
        }
    }
    // Best effort: with a smaller buffer events are lost sooner, and then we enumerate.
    (void)udev_monitor_set_receive_buffer_size(monitor.get(), receive_buffer);
    if (const int r = udev_monitor_enable_receiving(monitor.get()); r < 0)
        return failure("receive udev events", r);
    auto kernel = listen_to_kernel(context.get());
    return std::unique_ptr<Udev>(
        new Udev(std::move(context), std::move(monitor), std::move(kernel)));
}

// Null where it fails: what is heard there is heard from udev too, only later.
Udev::Monitor Udev::listen_to_kernel(udev* context) {
    Monitor monitor(udev_monitor_new_from_netlink(context, "kernel"));
    if (!monitor) return nullptr;
    if (udev_monitor_filter_add_match_subsystem_devtype(monitor.get(), "scsi", "scsi_device") < 0)
        return nullptr;
    (void)udev_monitor_set_receive_buffer_size(monitor.get(), receive_buffer);
    if (udev_monitor_enable_receiving(monitor.get()) < 0) return nullptr;
    // After libudev has set its own, which lets pass all that udev has not marked.
    if (!pass_changes_of_hardware(udev_monitor_get_fd(monitor.get()))) return nullptr;
    return monitor;
}

int Udev::descriptor() const noexcept {
    return udev_monitor_get_fd(monitor_.get());
}

int Udev::kernel_descriptor() const noexcept {
    return kernel_ ? udev_monitor_get_fd(kernel_.get()) : -1;
}

Result<std::optional<Uevent>> Udev::receive(udev_monitor* monitor) {
    errno = 0;
    const Device device(udev_monitor_receive_device(monitor));
    if (!device) {
        if (errno == EAGAIN || errno == EINTR || errno == 0) return std::optional<Uevent>();
        return Error{"receive udev event", "", "", errno};
    }
    const auto text = [](const char* value) { return value ? std::string(value) : std::string(); };
    const auto property = [&](const char* name) {
        return text(udev_device_get_property_value(device.get(), name));
    };
    Uevent event;
    event.action = text(udev_device_get_action(device.get()));
    event.subsystem = text(udev_device_get_subsystem(device.get()));
    event.device_type = text(udev_device_get_devtype(device.get()));
    event.name = text(udev_device_get_sysname(device.get()));
    event.major = property("MAJOR");
    event.minor = property("MINOR");
    event.old_path = property("DEVPATH_OLD");
    event.multipath_path = property("DM_MULTIPATH_DEVICE_PATH");
    event.dm_action = property("DM_ACTION");
    event.unit_attention = property("SDEV_UA");
    event.number = udev_device_get_seqnum(device.get());
    if (event.subsystem == "block" && is_scsi_disk_name(event.name))
        event.facts = facts_of(device.get());
    return std::optional<Uevent>(std::move(event));
}

Udev::Word Udev::word_of(const std::string& disk) {
    const Device device(
        udev_device_new_from_subsystem_sysname(context_.get(), "block", disk.c_str()));
    if (!device) return {};
    Word word;
    if (const char* value =
            udev_device_get_property_value(device.get(), "DM_MULTIPATH_DEVICE_PATH"))
        word.member = parse_multipath_member(value);
    word.facts = facts_of(device.get());
    return word;
}

std::shared_ptr<const daemon::UdevFacts> Udev::facts_of(udev_device* device) {
    UdevProperties properties;
    udev_list_entry* entry = nullptr;
    udev_list_entry_foreach(entry, udev_device_get_properties_list_entry(device)) {
        const char* name = udev_list_entry_get_name(entry);
        const char* value = udev_list_entry_get_value(entry);
        if (name) properties.emplace_back(name, value ? value : "");
    }
    return pool_.get(properties);
}

std::string Udev::trouble() {
    if (::access("/run/udev/control", F_OK) == 0) return {};
    return "udev is not running: changes of devices are not seen (no /run/udev/control)";
}

} // namespace mpapi::kernel
