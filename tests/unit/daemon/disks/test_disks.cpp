// SPDX-License-Identifier: LGPL-2.1-or-later
// Disks that are not SCSI among the shared disks.
#include "daemon/disks/disks.hpp"

#include "daemon/disks/disk_properties.hpp"
#include "daemon/disks/reservations.hpp"
#include "tests/unit/daemon/san/recorder.hpp"

#include <cerrno>

using namespace mpapi;
using namespace mpapi::disks;
using namespace std::chrono_literals;

namespace {

class Zeroes final : public daemon::BlockDevice {
  public:
    const daemon::BlockGeometry& geometry() const override { return geometry_; }
    Status read(std::uint64_t, std::span<std::uint8_t> into) override {
        std::fill(into.begin(), into.end(), std::uint8_t{0});
        return Done{};
    }
    Status write(std::uint64_t, std::span<const std::uint8_t>) override { return Done{}; }

  private:
    daemon::BlockGeometry geometry_{16u << 20, 512, false};
};

class Blocks final : public daemon::BlockHardware {
  public:
    std::vector<daemon::OtherDisk> others;

    Result<std::unique_ptr<daemon::BlockDevice>> open(const daemon::BlockRef&,
                                                      const std::vector<daemon::BlockRef>&,
                                                      daemon::BlockAccess) override {
        return std::unique_ptr<daemon::BlockDevice>(std::make_unique<Zeroes>());
    }
    Result<daemon::BlockUse> use(const daemon::BlockRef&) override { return daemon::BlockUse(); }
    std::vector<daemon::OtherDisk> other_disks() override { return others; }
};

class Machine final : private DisksObserver {
  public:
    Machine()
      : world_(san::World::from(san::example("two-arrays"))) {
        auto made = daemon::Workers::create(world_.loop.get(), {});
        assert_ok(made);
        workers_ = std::move(*made);
    }
    ~Machine() {
        disks.reset();
        world_.san.reset();
        workers_->close(1s);
    }
    // A SCSI disk of the embedded SAN, as the model would tell of it; before start().
    void put_scsi_disk(const std::string& device) {
        const auto& facts = world_.recorder.disks.at(device);
        auto disk = std::make_shared<model::Disk>();
        disk->id = 1;
        disk->key = device;
        disk->device = device;
        disk->number = facts.number;
        disk->address = facts.address;
        disk->unit_name = "60060e80123456000000000000000001";
        disk->unit_name_type = model::NameType::Naa;
        disk->device_state = model::DeviceState::Running;
        snapshot_->disks.put(std::move(disk));
    }
    // Another node's, through the same unit.
    void they_register() {
        scsi::ReserveOutList list;
        list.service_action_key = 0x9999;
        const auto bytes = scsi::build_reserve_out(list);
        scsi::ReserveOutCommand command;
        command.action = scsi::ReserveOutAction::RegisterAndIgnoreExistingKey;
        command.parameter_list_length = static_cast<std::uint32_t>(bytes->size());
        const auto cdb = scsi::reserve_out_cdb(command);
        for (int tries = 0; tries < 8; ++tries) { // attentions
            const auto reply =
                world_.san->execute("other-node", "north", "A0", "database", cdb, *bytes, {});
            assert_ok(reply);
            if (reply->status == 0) return;
        }
        fail_msg("the other node could not register");
    }
    void hangs(const std::string& device) {
        world_.apply(san::disk_fault(san::Verb::CommandHangs, device));
    }
    // Ends when whoever waited is back: he uses what the test is about to free.
    void answers_again(const std::string& device) {
        world_.apply(san::disk_fault(san::Verb::CommandReleased, device));
        while (workers_->counters().commands_stuck != 0)
            if (sd_event_run(world_.loop.get(), 20'000'000) <= 0) fail_msg("it still hangs");
    }
    void start(std::vector<std::string> allow = {}) {
        daemon::Config::Disks config;
        config.allow = std::move(allow);
        auto made = Disks::create(
            {world_.loop.get(), *world_.san, blocks, *workers_, 300ms, config, 0x1234}, snapshot_);
        assert_ok(made);
        disks = std::move(*made);
        disks->add_observer(*this);
    }
    DiskPtr examined(const std::string& id) {
        std::optional<Result<DiskPtr>> got;
        disks->examine(id, [&](Result<DiskPtr> disk) { got = std::move(disk); });
        while (!got)
            if (sd_event_run(world_.loop.get(), 20'000'000) <= 0) fail_msg("no answer in 20 s");
        assert_ok(*got);
        return **got;
    }
    Reservations reservations() {
        return Reservations({world_.loop.get(), *world_.san, *workers_, 300ms, 0x1234});
    }
    std::string ids() {
        std::string text;
        for (const auto& disk : disks->all())
            text += (text.empty() ? "" : " ") + disk->id;
        return text;
    }

    Blocks blocks;
    std::unique_ptr<Disks> disks;
    std::vector<std::string> told;

  private:
    void disk_changed(const DiskPtr& before, const DiskPtr& after) override {
        told.push_back(!before ? "new " + after->id : !after ? "gone " + before->id : after->id);
    }

    const std::shared_ptr<model::Snapshot> snapshot_ = std::make_shared<model::Snapshot>();
    san::World world_;
    std::unique_ptr<daemon::Workers> workers_;
};

daemon::OtherDisk nvme(const std::string& wwid = "eui.0025", std::uint32_t paths = 1) {
    daemon::OtherDisk disk;
    disk.ref = {"nvme0n1", {259, 0}};
    disk.place = "devices/pci0/nvme0n1";
    disk.wwid = wwid;
    disk.product = "Fast";
    disk.adapter = "nvme0";
    disk.size = 16u << 20;
    disk.paths = paths;
    return disk;
}

bool has(const Disk& disk, std::string_view flag) {
    const auto flags = flags_of(disk);
    return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

void one_with_an_identity_is_known_by_it(void**) {
    Machine machine;
    machine.blocks.others = {nvme()};
    machine.start();
    const auto disk = machine.disks->find("eui.0025");
    assert_non_null(disk.get());
    assert_false(disk->scsi || disk->multipath() || disk->allowed);
    assert_int_equal(disk->path_count(), 1);
    assert_false(has(*disk, "missing") || has(*disk, "redundant"));
    assert_text_equal(disk->product, "Fast");
}

void one_without_is_known_by_its_place(void**) {
    Machine machine;
    machine.blocks.others = {nvme("")};
    machine.start();
    assert_text_equal(machine.ids(), "devices/pci0/nvme0n1");
}

void one_of_two_controllers_is_redundant(void**) {
    Machine machine;
    machine.blocks.others = {nvme("eui.0025", 2)};
    machine.start();
    assert_true(has(*machine.disks->find("eui.0025"), "redundant"));
}

void they_come_change_and_go(void**) {
    Machine machine;
    machine.start();
    assert_text_equal(machine.ids(), "");
    machine.blocks.others = {nvme()};
    machine.disks->other_disks_changed();
    assert_true(std::exchange(machine.told, {}).at(0) == "new eui.0025");
    machine.disks->other_disks_changed();
    assert_true(machine.told.empty());
    machine.blocks.others[0].size *= 2;
    machine.disks->other_disks_changed();
    assert_true(std::exchange(machine.told, {}) == std::vector<std::string>{"eui.0025"});
    // Another one in the same place.
    machine.blocks.others[0].wwid = "eui.0026";
    machine.disks->other_disks_changed();
    assert_text_equal(machine.ids(), "eui.0026");
    machine.blocks.others.clear();
    machine.told.clear();
    machine.disks->other_disks_changed();
    assert_true(machine.told == std::vector<std::string>{"gone eui.0026"});
    assert_text_equal(machine.ids(), "");
}

void one_that_moves_keeps_its_identity(void**) {
    Machine machine;
    machine.blocks.others = {nvme()};
    machine.start();
    machine.blocks.others[0].place = "devices/pci1/nvme0n1";
    machine.disks->other_disks_changed();
    assert_text_equal(machine.ids(), "eui.0025");
}

void it_can_be_allowed_and_read_and_is_not_clusterable(void**) {
    Machine machine;
    machine.blocks.others = {nvme()};
    machine.start({"eui.0025"});
    const auto disk = machine.examined("eui.0025");
    assert_true(disk->allowed);
    assert_true(disk->examined.persistent_reservations == Support::No);
    assert_true(disk->examined.unique_ids.empty());
    assert_text_equal(disk->examined.trouble, "");
    assert_true(disk->examined.label.has_value());
    assert_int_equal(disk->examined.geometry.sector_size, 512);
}

// What the last look said of others is not told of a disk that does not answer now.
void one_that_does_not_answer_is_not_said_to_be_another_node_s(void**) {
    const std::string id = "360060e80123456000000000000000001";
    Machine machine;
    machine.put_scsi_disk("sda");
    machine.start({id});
    machine.they_register();
    auto disk = machine.examined(id);
    assert_true(disk->examined.held_by_others);
    machine.hangs("sda");
    disk = machine.examined(id);
    assert_false(disk->examined.held_by_others);
    assert_true(disk->examined.unreadable);
    assert_false(disk->examined.trouble.empty());
    machine.answers_again("sda");
}

// Nor of one that was this node's since.
void what_was_another_node_s_before_we_owned_it_is_not_so_afterwards(void**) {
    const std::string id = "360060e80123456000000000000000001";
    Machine machine;
    machine.put_scsi_disk("sda");
    machine.start({id});
    machine.they_register();
    assert_true(machine.examined(id)->examined.held_by_others);
    machine.disks->set_control(id, "this-node", true);
    machine.disks->set_control(id, "", true);
    assert_false(machine.disks->find(id)->examined.held_by_others);
    assert_true(machine.examined(id)->examined.held_by_others);
}

void reservations_are_not_for_it(void**) {
    Machine machine;
    machine.blocks.others = {nvme()};
    machine.start({"eui.0025"});
    auto reservations = machine.reservations();
    const auto disk = machine.disks->find("eui.0025");
    int errnum = 0;
    reservations.read(disk, [&](const Result<ReservationState>& state) {
        errnum = state ? 0 : state.error().errnum;
    });
    assert_int_equal(errnum, EOPNOTSUPP);
    errnum = 0;
    reservations.reserve(
        disk, [&](const Status& status) { errnum = status ? 0 : status.error().errnum; });
    assert_int_equal(errnum, EOPNOTSUPP);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(one_with_an_identity_is_known_by_it),
        cmocka_unit_test(one_without_is_known_by_its_place),
        cmocka_unit_test(one_of_two_controllers_is_redundant),
        cmocka_unit_test(they_come_change_and_go),
        cmocka_unit_test(one_that_moves_keeps_its_identity),
        cmocka_unit_test(it_can_be_allowed_and_read_and_is_not_clusterable),
        cmocka_unit_test(one_that_does_not_answer_is_not_said_to_be_another_node_s),
        cmocka_unit_test(what_was_another_node_s_before_we_owned_it_is_not_so_afterwards),
        cmocka_unit_test(reservations_are_not_for_it),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
