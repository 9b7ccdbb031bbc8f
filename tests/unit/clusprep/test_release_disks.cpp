// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/release_disks.hpp"
#include "tests/unit/clusprep/interfaces/played_node.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using csvp::Ownership;

namespace {

struct Scene {
    csvp::PlayedNode node;
    unsigned told = 0;
    std::optional<Status> status;

    Scene() { node.luns.resize(2); }
    void owned(std::size_t lun, bool online) {
        node.luns[lun].state = {online, Ownership::OwnedByThisServer};
        node.luns[lun].registered = node.luns[lun].reserved = true;
    }
    void release() {
        clusprep::release_disks(node.disks(), [this](Status given) {
            ++told;
            status = std::move(given);
        });
        node.let_go();
        assert_int_equal(told, 1);
    }
    std::string calls() const {
        std::string all;
        for (const auto& call : node.calls)
            if (!call.starts_with("list")) all += call + "; ";
        return all;
    }
};

void a_disk_goes_offline_then_undefended_then_unregistered_and_is_the_system_s_again(void**) {
    Scene scene;
    scene.owned(0, true);
    scene.owned(1, false);
    scene.release();
    assert_ok(*scene.status);
    assert_text_equal(
        scene.calls(),
        "stop_defense lun1; unregister_key lun1; bring_online lun1; take_offline lun0; "
        "stop_defense lun0; unregister_key lun0; bring_online lun0; ");
    for (const auto& lun : scene.node.luns) {
        assert_int_equal(lun.state.ownership, Ownership::NotOwned);
        assert_false(lun.registered);
        assert_true(lun.state.online);
    }
}

void a_disk_that_is_not_owned_loses_its_key_and_our_claim(void**) {
    Scene scene;
    scene.node.luns[0].state = {true, Ownership::NotOwned};
    scene.node.luns[0].registered = true;
    scene.node.luns[1].state = {false, Ownership::OwnedByAnother};
    scene.release();
    assert_ok(*scene.status);
    assert_text_equal(scene.calls(),
                      "unregister_key lun1; bring_online lun1; unregister_key lun0; ");
    assert_false(scene.node.luns[0].registered);
    assert_true(scene.node.luns[1].state.online);
}

void a_disk_that_we_may_not_touch_or_without_reservations_is_no_failure(void**) {
    for (const auto code : {csvp::Hresult::AccessDenied, csvp::Hresult::NotSupported}) {
        Scene scene;
        scene.node.failures["unregister_key"] = {code, {"unregister", "lun", "it is not"}};
        scene.release();
        assert_ok(*scene.status);
        assert_text_equal(scene.calls(), "unregister_key lun1; unregister_key lun0; ");
    }
}

void a_disk_in_use_stays_defended_and_the_others_are_released(void**) {
    Scene scene;
    scene.owned(0, false);
    scene.owned(1, true);
    scene.node.failures["take_offline"] = {csvp::Hresult::Busy, {"take offline", "lun1", "in use"}};
    scene.release();
    assert_false(scene.status->has_value());
    assert_contains(scene.status->error().message(), "in use");
    assert_text_equal(scene.calls(), "take_offline lun1; stop_defense lun0; unregister_key lun0; "
                                     "bring_online lun0; ");
    assert_int_equal(scene.node.luns[1].state.ownership, Ownership::OwnedByThisServer);
    assert_int_equal(scene.node.luns[0].state.ownership, Ownership::NotOwned);
}

void disks_that_cannot_be_listed_are_a_failure(void**) {
    Scene scene;
    scene.node.failures["list"] = {csvp::Hresult::Failed, {"list", "disks", "no daemon"}};
    scene.release();
    assert_false(scene.status->has_value());
    assert_contains(scene.status->error().message(), "no daemon");
    assert_text_equal(scene.calls(), "");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(
            a_disk_goes_offline_then_undefended_then_unregistered_and_is_the_system_s_again),
        cmocka_unit_test(a_disk_that_is_not_owned_loses_its_key_and_our_claim),
        cmocka_unit_test(a_disk_that_we_may_not_touch_or_without_reservations_is_no_failure),
        cmocka_unit_test(a_disk_in_use_stays_defended_and_the_others_are_released),
        cmocka_unit_test(disks_that_cannot_be_listed_are_a_failure),
    };
    return cmocka_run_group_tests_name("release disks", tests, nullptr, nullptr);
}
