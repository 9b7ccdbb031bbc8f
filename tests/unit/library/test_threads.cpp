// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Many threads, calling everything at once while events come. Made for ThreadSanitizer.
#include "tests/unit/library/world.hpp"

#include <atomic>
#include <thread>
#include <vector>

using namespace mpapi::library;

namespace {

std::atomic<unsigned> failures{0}, told{0};

void want(MP_STATUS status, MP_STATUS expected = MP_STATUS_SUCCESS) {
    if (status != expected) ++failures;
}

void want_either(MP_STATUS status, MP_STATUS one, MP_STATUS other) {
    if (status != one && status != other) ++failures;
}

void on_property(MP_OID_LIST* list, void* data) {
    ++told;
    if (list->oids[0].ownerId != 1 && list->oids[0].ownerId != 2) ++failures;
    if (data == nullptr) ++failures;
    MP_OBJECT_TYPE type{};
    want(MP_GetObjectType(list->oids[0], &type));
    want(MP_FreeOidList(list));
}

void on_visibility(MP_BOOL, MP_OID_LIST* list, void* data) {
    on_property(list, data);
}

void list_and_free(MP_STATUS (*function)(MP_OID, MP_OID_LIST**), MP_OID of, MP_UINT32 count) {
    MP_OID_LIST* list = nullptr;
    want(function(of, &list));
    if (list == nullptr || list->oidCount != count) ++failures;
    want(MP_FreeOidList(list));
}

void ask(unsigned turn) {
    const MP_UINT32 owner = 1 + turn % 2;
    const MP_OID plugin = oid_of(1, owner, 0), unit = oid_of(4, owner, 1);
    list_and_free(MP_GetMultipathLus, plugin, 2);
    list_and_free(MP_GetAssociatedPathOidList, unit, 2);
    list_and_free(MP_GetTargetPortOidList, oid_of(7, owner, 1), 1);
    MP_PATH_LOGICAL_UNIT_PROPERTIES path;
    want(MP_GetPathLogicalUnitProperties(oid_of(5, owner, 3), &path));
    if (path.logicalUnitNumber != 3 || path.logicalUnitOid.ownerId != owner) ++failures;
    MP_PLUGIN_PROPERTIES properties;
    want(MP_GetPluginProperties(plugin, &properties));
    if (properties.maximumWeight != owner) ++failures;
    want(MP_GetPluginProperties(oid_of(1, 3, 0), &properties), MP_STATUS_OBJECT_NOT_FOUND);
}

void change(unsigned turn) {
    const MP_UINT32 owner = 1 + turn % 2;
    want(MP_SetOverridePath(oid_of(4, owner, 1), oid_of(5, owner, 1)));
    want(MP_CancelOverridePath(oid_of(4, owner, 1)));
    want(MP_SetPathWeight(oid_of(5, owner, 1), turn));
    MP_TPG_STATE_PAIR pair{oid_of(7, owner, 1), MP_ACCESS_STATE_ACTIVE};
    want(MP_SetTPGAccess(oid_of(4, owner, 1), 1, &pair));
}

// All threads share the slots: who comes second replaces, who removes second finds nothing.
void register_and_deregister(unsigned turn) {
    static int data;
    const auto type = static_cast<MP_OBJECT_TYPE>(turn % (MP_OBJECT_TYPE_MAX + 1));
    const MP_OID plugin = turn % 3 == 0 ? MP_OID{} : oid_of(1, 1 + turn % 2, 0);
    want_either(MP_RegisterForObjectPropertyChanges(on_property, type, &data, plugin),
                MP_STATUS_SUCCESS, MP_STATUS_FN_REPLACED);
    want_either(MP_RegisterForObjectVisibilityChanges(on_visibility, type, &data, plugin),
                MP_STATUS_SUCCESS, MP_STATUS_FN_REPLACED);
    want_either(MP_DeregisterForObjectPropertyChanges(on_property, type, plugin), MP_STATUS_SUCCESS,
                MP_STATUS_UNKNOWN_FN);
    want_either(MP_DeregisterForObjectVisibilityChanges(on_visibility, type, plugin),
                MP_STATUS_SUCCESS, MP_STATUS_UNKNOWN_FN);
}

std::string second_file;

void eight_threads_call_everything_while_paths_flap(void**) {
    const Configured configured("");
    second_file = configured / "second.so";
    std::filesystem::copy_file(plugin_file("trivial"), second_file);
    configured.write("mpapi.conf", "a\t" + plugin_file("trivial") + "\nb\t" + second_file + "\n");

    std::atomic<bool> done{false}, go{false};
    std::vector<std::thread> threads;
    for (unsigned thread = 0; thread < 8; ++thread)
        threads.emplace_back([&, thread] {
            go.wait(false);
            // The first calls of all threads meet in loading; the last ones have met callbacks.
            for (unsigned turn = thread; turn < thread + 400 || told < 100; ++turn) {
                ask(turn);
                change(turn);
                register_and_deregister(turn);
            }
        });
    go = true;
    go.notify_all();
    MP_OID_LIST* list = nullptr;
    want(MP_GetPluginOidList(&list));
    assert_int_equal(list->oidCount, 2);
    want(MP_FreeOidList(list));

    std::vector<std::thread> flapping;
    for (const std::string& file : {plugin_file("trivial"), second_file})
        flapping.emplace_back([&done, &control = control_of(file)] {
            while (!done)
                for (MP_UINT32 type = 1; type <= MP_OBJECT_TYPE_MAX; ++type) {
                    control.property_changed(static_cast<MP_OBJECT_TYPE>(type), 2);
                    control.visibility_changed(type % 2, static_cast<MP_OBJECT_TYPE>(type), 1);
                }
        });
    for (auto& thread : threads)
        thread.join();
    done = true;
    for (auto& thread : flapping)
        thread.join();
    assert_int_equal(failures, 0);
    print_message("%u callbacks\n", told.load());
    assert_true(told >= 100);

    // Nothing is registered any more, and the plugins know.
    for (const std::string& file : {plugin_file("trivial"), second_file})
        for (MP_UINT32 type = 1; type <= MP_OBJECT_TYPE_MAX; ++type)
            assert_int_equal(
                control_of(file).property_changed(static_cast<MP_OBJECT_TYPE>(type), 1), 0);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {cmocka_unit_test(eight_threads_call_everything_while_paths_flap)};
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
