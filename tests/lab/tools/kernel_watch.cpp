// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Prints what daemon/kernel tells its observer, one JSON object a line, so that a script of the lab
// can hold it against dmsetup, sg3-utils and sysfs.
//
//   kernel-watch [--once] [--ask]
//
// --once  ends when everything that exists was told and settle() has come back
// --ask   also asks each disk by SG_IO: INQUIRY, VPD 83h, REPORT TARGET PORT GROUPS (hex)
//
// Otherwise it takes commands from standard input, a line each (a pipe or terminal; not a file):
//   settle MILLISECONDS      settle(); prints {"event":"settled",…}
//   look DISK|MAP            look_again() at the disk "sdc" or the map "254:3"
//   ask DISK                 asks one disk
//   write DISK CDB [DATA]    sends a command, all in hexadecimal digits; prints {"event":"asked",…}
//   message MAP TEXT         changes of the map "254:3" as it was told last, be it gone since; each
//   load MAP TABLE           prints {"event":"changed",…} with "error" and "errno"
//   remove MAP
//   clear MAP
//   quit
#include "common/dm/device_number.hpp"
#include "common/system/handle.hpp"
#include "daemon/kernel/hardware.hpp"
#include "daemon/kernel/scsi_place.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>

#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <map>
#include <string_view>

namespace {

using namespace mpapi;

std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (byte < 0x20 || byte >= 0x7f) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", byte);
            result += escape;
        } else {
            result += c;
        }
    }
    return result + '"';
}

std::string hex(std::span<const std::uint8_t> bytes) {
    std::string result;
    for (const auto byte : bytes) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", byte);
        result += digits;
    }
    return result;
}

std::vector<std::uint8_t> bytes_of(std::string_view digits) {
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes.push_back(
            static_cast<std::uint8_t>(std::stoul(std::string(digits.substr(i, 2)), nullptr, 16)));
    return bytes;
}

// The first word, and what follows it.
std::pair<std::string, std::string> split(const std::string& text) {
    const auto space = text.find(' ');
    if (space == std::string::npos) return {text, ""};
    return {text.substr(0, space), text.substr(space + 1)};
}

std::string text_of(model::DeviceNumber number) {
    return std::to_string(number.major) + ":" + std::to_string(number.minor);
}

// One line, begun with the event and when it was told.
class Line {
  public:
    explicit Line(const char* event) {
        timespec now{};
        clock_gettime(CLOCK_MONOTONIC, &now);
        char time[32];
        std::snprintf(time, sizeof time, "%" PRId64 ".%06ld", static_cast<std::int64_t>(now.tv_sec),
                      now.tv_nsec / 1000);
        text_ = std::string("{\"event\":\"") + event + "\",\"monotonic\":" + time;
    }
    ~Line() {
        std::printf("%s}\n", text_.c_str());
        std::fflush(stdout);
    }
    Line& text(const char* name, std::string_view value) { return raw(name, quoted(value)); }
    Line& number(const char* name, std::uint64_t value) { return raw(name, std::to_string(value)); }
    Line& flag(const char* name, bool value) { return raw(name, value ? "true" : "false"); }
    Line& raw(const char* name, const std::string& value) {
        text_ += std::string(",\"") + name + "\":" + value;
        return *this;
    }
    Line& list(const char* name, const std::vector<std::string>& values) {
        std::string joined = "[";
        for (const auto& value : values)
            joined += (joined.size() > 1 ? "," : "") + quoted(value);
        return raw(name, joined + "]");
    }

  private:
    std::string text_;
};

const char* name_of(model::Transport transport) {
    constexpr std::array names{"unknown", "fc", "spi", "iscsi", "infiniband", "sas"};
    return names[static_cast<std::size_t>(transport)];
}

const char* name_of(model::DeviceState state) {
    constexpr std::array names{"unknown", "running",  "offline", "transport-offline",
                               "blocked", "quiesced", "removing"};
    return names[static_cast<std::size_t>(state)];
}

class Watch final : public daemon::HardwareObserver {
  public:
    Watch(sd_event* loop, bool once, bool ask)
      : loop_(loop)
      , once_(once)
      , ask_(ask) {}

    Status start() { return hardware_.start(loop_, *this); }

    void command(std::string_view line) {
        const auto space = line.find(' ');
        const auto verb = line.substr(0, space);
        const std::string object(space == std::string_view::npos ? std::string_view()
                                                                 : line.substr(space + 1));
        if (verb == "quit") {
            sd_event_exit(loop_, 0);
        } else if (verb == "settle") {
            settle(std::chrono::milliseconds(std::strtol(object.c_str(), nullptr, 10)));
        } else if (verb == "ask") {
            if (const auto disk = disks_.find(object); disk != disks_.end())
                ask(object, disk->second);
        } else if (verb == "write") {
            write(object);
        } else if (verb == "message" || verb == "load" || verb == "remove" || verb == "clear") {
            change(std::string(verb), object);
        } else if (verb == "look") {
            if (const auto number = dm::parse_device_number(object))
                hardware_.look_again({}, {{number->major, number->minor}});
            else
                hardware_.look_again({object}, {});
        }
    }

    void disk_present(const daemon::DiskFacts& disk) override {
        {
            Line line("disk_present");
            line.text("device", disk.device)
                .text("number", text_of(disk.number))
                .text("address", kernel::to_string(disk.address))
                .text("initiator", disk.initiator_port->port_id)
                .text("initiator_file", disk.initiator_port->device_file)
                .text("initiator_name", disk.initiator_port->friendly_name)
                .text("target", disk.target_port->port_id)
                .text("transport", name_of(disk.initiator_port->transport))
                .text("state", name_of(disk.state))
                .number("size", disk.size)
                .text("vendor", disk.vendor)
                .text("product", disk.product)
                .text("revision", disk.revision)
                .text("vpd83", hex(disk.device_identification))
                .list("holders", disk.holders);
            if (disk.multipath_member) line.flag("member", *disk.multipath_member);
        }
        const bool known = !disks_.insert_or_assign(disk.device, disk.number).second;
        if (ask_ && !known) ask(disk.device, disk.number);
    }
    void disk_gone(const std::string& device) override {
        disks_.erase(device);
        Line("disk_gone").text("device", device);
    }
    void map_present(const daemon::MapFacts& map) override {
        maps_[text_of(map.number)] = {map.number, map.name, map.uuid};
        Line("map_present")
            .text("name", map.name)
            .text("uuid", map.uuid)
            .text("number", text_of(map.number))
            .number("event_number", map.event_number)
            .number("size", map.size)
            .flag("suspended", map.suspended)
            .flag("read_only", map.read_only)
            .text("table", map.table)
            .text("status", map.status);
    }
    void map_gone(model::DeviceNumber number) override {
        Line("map_gone").text("number", text_of(number));
    }
    void access_state_changed(const std::string& device,
                              std::chrono::steady_clock::time_point) override {
        Line("access_state_changed").text("device", device);
    }
    void inquiry_data_changed(const std::string& device) override {
        Line("inquiry_data_changed").text("device", device);
    }
    void enumerated() override {
        const auto plugin = hardware_.describe();
        Line("enumerated")
            .text("driver_version", plugin.driver_version)
            .list("selectors", plugin.load_balance);
        if (once_) settle(std::chrono::seconds(10));
    }
    void device_mapper_state(const std::string& trouble) override {
        Line("device_mapper_state").text("trouble", trouble);
    }
    void udev_state(const std::string& trouble) override {
        Line("udev_state").text("trouble", trouble);
    }

  private:
    void settle(std::chrono::milliseconds timeout) {
        hardware_.settle(timeout, [this](Status status) {
            Line("settled").text("error", status ? "" : status.error().message());
            if (once_) sd_event_exit(loop_, 0);
        });
    }

    void change(const std::string& verb, const std::string& object) {
        const auto [number, text] = split(object);
        const auto known = maps_.find(number);
        if (known == maps_.end()) {
            Line("changed").text("change", verb).text("error", "never told").number("errno", 0);
            return;
        }
        const auto ended = [verb, number = number](const Status& status) {
            Line("changed")
                .text("change", verb)
                .text("number", number)
                .text("error", status ? "" : status.error().message())
                .number("errno", status ? 0 : static_cast<unsigned>(status.error().errnum));
        };
        if (verb == "message")
            hardware_.send_message(known->second, text, ended);
        else if (verb == "load")
            hardware_.load_table(known->second, text, ended);
        else if (verb == "remove")
            hardware_.remove_map(known->second, ended);
        else
            hardware_.clear_inactive_table(known->second, ended);
    }

    void write(const std::string& object) {
        const auto [device, words] = split(object);
        const auto [cdb, data] = split(words);
        const auto disk = disks_.find(device);
        if (disk == disks_.end()) return;
        const auto opened = hardware_.open(device, disk->second);
        if (!opened) {
            Line("asked").text("device", device).text("error", opened.error().message());
            return;
        }
        const auto reply =
            (*opened)->write(bytes_of(cdb), bytes_of(data), std::chrono::seconds(10));
        Line("asked")
            .text("device", device)
            .text("command", "write")
            .text("error", reply.error ? reply.error->message() : "")
            .number("status", reply.status)
            .text("sense", hex(reply.sense))
            .number("received", reply.received);
    }

    // The daemon does this on a worker; here nobody waits for the loop.
    void ask(const std::string& device, model::DeviceNumber number) {
        const auto opened = hardware_.open(device, number);
        if (!opened) {
            Line("asked").text("device", device).text("error", opened.error().message());
            return;
        }
        struct Question {
            const char* name;
            std::array<std::uint8_t, 12> cdb;
            std::size_t length;
        };
        constexpr std::array questions{
            Question{"INQUIRY", {0x12, 0, 0, 0, 96, 0}, 6},
            Question{"VPD 83h", {0x12, 1, 0x83, 1, 0, 0}, 6},
            Question{"REPORT TARGET PORT GROUPS", {0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 1, 0}, 12},
        };
        for (const auto& question : questions) {
            std::array<std::uint8_t, 256> data{};
            const auto reply = (*opened)->read({question.cdb.data(), question.length}, data,
                                               std::chrono::seconds(10));
            Line line("asked");
            line.text("device", device)
                .text("command", question.name)
                .text("error", reply.error ? reply.error->message() : "")
                .number("status", reply.status)
                .text("sense", hex(reply.sense))
                .text("data", hex({data.data(), reply.received}));
        }
    }

    sd_event* loop_;
    bool once_;
    bool ask_;
    std::map<std::string, model::DeviceNumber> disks_;
    std::map<std::string, daemon::MapRef> maps_; // by number; the gone ones too
    kernel::KernelHardware hardware_;
};

int take_commands(sd_event_source* source, int descriptor, std::uint32_t, void* data) {
    static std::string pending;
    std::array<char, 512> piece;
    const auto size = ::read(descriptor, piece.data(), piece.size());
    if (size <= 0) {
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return 0;
    }
    pending.append(piece.data(), static_cast<std::size_t>(size));
    for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
        static_cast<Watch*>(data)->command(std::string_view(pending).substr(0, end));
        pending.erase(0, end + 1);
    }
    return 0;
}

} // namespace

int main(int count, char** arguments) {
    bool once = false, ask = false;
    for (int i = 1; i < count; ++i) {
        if (std::strcmp(arguments[i], "--once") == 0)
            once = true;
        else if (std::strcmp(arguments[i], "--ask") == 0)
            ask = true;
        else {
            std::fprintf(stderr, "usage: kernel-watch [--once] [--ask]\n");
            return 2;
        }
    }
    sd_event* made = nullptr;
    if (sd_event_new(&made) < 0) return 1;
    const EventLoop loop(made);
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    sigprocmask(SIG_BLOCK, &ending, nullptr);
    sd_event_add_signal(loop.get(), nullptr, SIGTERM, nullptr, nullptr);
    sd_event_add_signal(loop.get(), nullptr, SIGINT, nullptr, nullptr);

    Watch watch(loop.get(), once, ask);
    if (const auto started = watch.start(); !started) {
        std::fprintf(stderr, "kernel-watch: %s\n", started.error().message().c_str());
        return 1;
    }
    // Standard input that cannot be polled (a file, nothing) gives no commands.
    if (!once) sd_event_add_io(loop.get(), nullptr, STDIN_FILENO, EPOLLIN, take_commands, &watch);
    return sd_event_loop(loop.get());
}
