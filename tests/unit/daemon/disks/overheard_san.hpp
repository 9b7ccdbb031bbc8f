// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The embedded SAN with somebody who writes down each PERSISTENT RESERVE OUT that is sent, and does
// something after each: on the worker that sent it.
#pragma once

#include "common/scsi/persistent_reserve_out.hpp"
#include "common/scsi/sense.hpp"
#include "daemon/san/san.hpp"

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace mpapi::disks {

class OverheardSan final : public daemon::Hardware {
  public:
    explicit OverheardSan(san::San& san)
      : san_(san) {}

    std::function<void()> before = [] {};
    std::function<void()> after = [] {};
    // Conflicts are told as LIO tells one that is not registered: LOGICAL UNIT COMMUNICATION
    // FAILURE.
    bool conflicts_as_lio = false;

    // "sda reserve", "sdj preempt 9999…", in the order in which they were answered.
    std::vector<std::string> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(told_, {});
    }

    // From now on no thread gets to the San, which is about to go.
    void shut() {
        const std::lock_guard lock(opening_);
        shut_ = true;
    }

    Result<std::unique_ptr<daemon::ScsiDevice>> open(const std::string& device,
                                                     model::DeviceNumber number) override {
        const std::lock_guard lock(opening_);
        if (shut_) return Error{"open", device, "the test has ended"};
        auto opened = san_.open(device, number);
        if (!opened) return opened;
        return std::unique_ptr<daemon::ScsiDevice>(
            std::make_unique<Overheard>(*this, device, std::move(*opened)));
    }

    Status start(sd_event* loop, daemon::HardwareObserver& observer) override {
        return san_.start(loop, observer);
    }
    void settle(std::chrono::milliseconds timeout, std::function<void(Status)> done) override {
        san_.settle(timeout, std::move(done));
    }
    void look_again(const std::vector<std::string>& disks,
                    const std::vector<model::DeviceNumber>& maps) override {
        san_.look_again(disks, maps);
    }
    model::Plugin describe() override { return san_.describe(); }
    void send_message(const daemon::MapRef& map, const std::string& message, Ended ended) override {
        san_.send_message(map, message, std::move(ended));
    }
    void load_table(const daemon::MapRef& map, const std::string& table, Ended ended) override {
        san_.load_table(map, table, std::move(ended));
    }
    void remove_map(const daemon::MapRef& map, Ended ended) override {
        san_.remove_map(map, std::move(ended));
    }
    void clear_inactive_table(const daemon::MapRef& map, Ended ended) override {
        san_.clear_inactive_table(map, std::move(ended));
    }

  private:
    class Overheard final : public daemon::ScsiDevice {
      public:
        Overheard(OverheardSan& all, std::string name, std::unique_ptr<daemon::ScsiDevice> device)
          : all_(all)
          , name_(std::move(name))
          , device_(std::move(device)) {}

        daemon::ScsiReply read(std::span<const std::uint8_t> cdb, std::span<std::uint8_t> data,
                               std::chrono::milliseconds timeout) override {
            return device_->read(cdb, data, timeout);
        }
        daemon::ScsiReply write(std::span<const std::uint8_t> cdb,
                                std::span<const std::uint8_t> data,
                                std::chrono::milliseconds timeout) override {
            all_.before();
            auto reply = device_->write(cdb, data, timeout);
            // A unit attention is answered instead of the command, which comes again.
            if (reply.error || reply.status == 0x02) return reply;
            all_.tell(name_, cdb, data);
            all_.after();
            if (all_.conflicts_as_lio && reply.status == 0x18) {
                reply.status = 0x02;
                scsi::Sense sense;
                sense.key = scsi::SenseKey::NotReady;
                sense.asc = 0x08;
                reply.sense = scsi::build_sense(sense);
            }
            return reply;
        }

      private:
        OverheardSan& all_;
        const std::string name_;
        const std::unique_ptr<daemon::ScsiDevice> device_;
    };

    void tell(const std::string& device, std::span<const std::uint8_t> cdb,
              std::span<const std::uint8_t> data) {
        const auto command = scsi::parse_reserve_out_cdb(cdb);
        const auto list = scsi::parse_reserve_out(data);
        if (!command || !list) return;
        std::string text = device;
        switch (command->action) {
        case scsi::ReserveOutAction::RegisterAndIgnoreExistingKey:
            text += " register";
            break;
        case scsi::ReserveOutAction::Reserve:
            text += " reserve";
            break;
        case scsi::ReserveOutAction::Release:
            text += " release";
            break;
        case scsi::ReserveOutAction::Clear:
            text += " clear";
            break;
        case scsi::ReserveOutAction::Preempt:
            text += " preempt " + std::to_string(list->service_action_key);
            break;
        default:
            text += " something else";
        }
        const std::lock_guard lock(mutex_);
        told_.push_back(std::move(text));
    }

    san::San& san_;
    std::mutex mutex_;
    std::vector<std::string> told_;
    std::mutex opening_;
    bool shut_ = false;
};

} // namespace mpapi::disks
