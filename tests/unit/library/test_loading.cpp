// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which plugins a client gets for a configuration: a client is started for each. Then what odd
// plugins do to one that uses them.
#include "tests/unit/library/world.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <string>
#include <thread>

using namespace mpapi::library;

namespace {

std::string line(const std::string& id, const std::string& file) {
    return id + '\t' + file + '\n';
}

std::string listed_for(const std::string& text) {
    const Configured configured(text);
    return output_of(LIST_PLUGINS);
}

void without_a_configuration_there_are_no_plugins(void**) {
    const Configured configured("");
    std::filesystem::remove(configured / "mpapi.conf");
    assert_text_equal(output_of(LIST_PLUGINS), "");
    std::filesystem::create_directory(configured / "mpapi.conf");
    assert_text_equal(output_of(LIST_PLUGINS), "");
    std::filesystem::remove(configured / "mpapi.conf");
    assert_int_equal(::mkfifo((configured / "mpapi.conf").c_str(), 0600), 0);
    assert_text_equal(output_of(LIST_PLUGINS), "");
    assert_text_equal(listed_for(""), "");
}

void owners_are_counted_in_the_order_of_successful_loads(void**) {
    assert_text_equal(listed_for(line("a", "/no/such/file.so") + line("b", plugin_file("trivial")) +
                                 line("c", plugin_file("fails-initialize")) +
                                 line("d", plugin_file("linked-back"))),
                      "1 libtrivial.so\n2 linked-back\n");
}

void what_is_no_plugin_is_left_out(void**) {
    const Configured configured("");
    configured.write("text.so", "no shared object\n");
    configured.write("empty.so", "");
    std::filesystem::create_directory(configured / "folder.so");
    assert_int_equal(::mkfifo((configured / "fifo.so").c_str(), 0600), 0);
    // Half a plugin: an ELF header that promises more than there is.
    configured.write("half.so", [] {
        std::ifstream whole(plugin_file("trivial"), std::ios::binary);
        std::string bytes(1000, '\0');
        whole.read(bytes.data(), 1000);
        return bytes;
    }());
    std::string text;
    for (const char* name : {"text.so", "empty.so", "folder.so", "fifo.so", "half.so"})
        text += line(name, configured / name);
    text += line("program", LIST_PLUGINS) + line("library", LIBRARY_FILE) +
            line("relative", "trivial.so") +
            line("without-initialize", plugin_file("without-initialize")) +
            line("unresolved", plugin_file("unresolved")) + line("last", plugin_file("trivial"));
    configured.write("mpapi.conf", text);
    assert_text_equal(output_of(LIST_PLUGINS), "1 libtrivial.so\n");
}

void one_file_under_two_ids_is_one_plugin(void**) {
    const Configured configured("");
    const std::string link = configured / "link.so", hard = configured / "hard.so",
                      copy = configured / "copy.so";
    std::filesystem::create_symlink(plugin_file("trivial"), link);
    std::filesystem::copy_file(plugin_file("trivial"), copy);
    std::filesystem::create_hard_link(copy, hard);
    configured.write("mpapi.conf", line("a", plugin_file("trivial")) + line("b", link) +
                                       line("c", PLUGIN_FOLDER "/../plugins/trivial.so") +
                                       line("d", copy) + line("e", hard));
    assert_text_equal(output_of(LIST_PLUGINS), "1 libtrivial.so\n2 libtrivial.so\n");
}

void more_than_64_plugins_are_loaded(void**) {
    const Configured configured("");
    std::string text, expected;
    for (int number = 1; number <= 70; ++number) {
        const std::string file = configured / (std::to_string(number) + ".so");
        std::filesystem::copy_file(plugin_file("linked-back"), file);
        text += line("id" + std::to_string(number), file);
        expected += std::to_string(number) + " linked-back\n";
    }
    configured.write("mpapi.conf", text);
    assert_text_equal(output_of(LIST_PLUGINS), expected);
}

void odd_lines_hang_nobody_and_hide_nobody(void**) {
    assert_text_equal(listed_for(" leading\t" + plugin_file("linked-back") + "\n" +
                                 std::string(100'000, 'x') + "\n\xff\xfe\xfd\n" + "\xc3\xbc\t" +
                                 plugin_file("trivial") + " \r\n"),
                      "1 linked-back\n2 libtrivial.so\n");
}

void what_a_plugin_calls_while_it_is_initialized_sees_no_plugins(void**) {
    assert_text_equal(listed_for(line("a", plugin_file("trivial")) +
                                 line("b", plugin_file("calls-library-in-initialize"))),
                      "1 libtrivial.so\n2 calls-library-in-initialize\n");
}

// With privileges of another: the variable would load any code into them.
void a_privileged_program_does_not_heed_the_variable(void**) {
    if (::geteuid() != 0) skip();
    const Configured configured(line("a", plugin_file("trivial")));
    const std::string program = LIST_PLUGINS "-privileged";
    std::filesystem::remove(program);
    std::filesystem::copy_file(LIST_PLUGINS, program);
    assert_text_equal(output_of(program), "1 libtrivial.so\n");
    assert_int_equal(::chown(program.c_str(), 0, 65534), 0);
    assert_int_equal(::chmod(program.c_str(), 02755), 0); // a set-group-id program
    const std::string listed = output_of(program);
    std::filesystem::remove(program);
    assert_true(listed.find("libtrivial.so") == std::string::npos);
}

// How many plugins this process is told; -1 for no list.
MP_STATUS count_plugins(int& count) {
    MP_OID_LIST* list = nullptr;
    const MP_STATUS status = MP_GetPluginOidList(&list);
    count = list == nullptr ? -1 : static_cast<int>(list->oidCount);
    std::free(list);
    return status;
}

// A process that was short of descriptors at its first call may run for years.
void a_shortage_at_the_first_call_is_told_and_the_next_call_tries_again(void**) {
    const Configured configured(line("a", plugin_file("trivial")));
    for (const bool configuration_is_known : {false, true}) {
        const int status = status_of_child([&] {
            MP_WCHAR unknown[] = L"org.example.x";
            if (configuration_is_known)
                MP_DeregisterPlugin(unknown); // then the plugin cannot be had
            rlimit before{}, none{};
            ::getrlimit(RLIMIT_NOFILE, &before);
            none.rlim_max = before.rlim_max;
            ::setrlimit(RLIMIT_NOFILE, &none);
            int count = 0;
            if (count_plugins(count) != MP_STATUS_INSUFFICIENT_MEMORY || count != -1) ::_exit(1);
            MP_PLUGIN_PROPERTIES properties;
            if (MP_GetPluginProperties(oid_of(MP_OBJECT_TYPE_PLUGIN, 1, 0), &properties) !=
                MP_STATUS_INSUFFICIENT_MEMORY)
                ::_exit(2);
            ::setrlimit(RLIMIT_NOFILE, &before);
            ::_exit(count_plugins(count) == MP_STATUS_SUCCESS && count == 1 ? 0 : 3);
        });
        assert_int_equal(status, 0);
    }
}

struct Pipe {
    int ends[2] = {-1, -1};
    Pipe() { assert_int_equal(::pipe2(ends, O_CLOEXEC), 0); }
    ~Pipe() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    bool put() const { return ::write(ends[1], "x", 1) == 1; }
    bool get() const {
        char byte;
        return ::read(ends[0], &byte, 1) == 1;
    }
};

// Both plugins are there under their ids, and the first was initialized once.
bool both_are_loaded() {
    int count = 0;
    MP_PLUGIN_PROPERTIES one, other;
    return count_plugins(count) == MP_STATUS_SUCCESS && count == 2 &&
           MP_GetPluginProperties(oid_of(MP_OBJECT_TYPE_PLUGIN, 1, 0), &one) == MP_STATUS_SUCCESS &&
           MP_GetPluginProperties(oid_of(MP_OBJECT_TYPE_PLUGIN, 2, 0), &other) ==
               MP_STATUS_SUCCESS &&
           std::string(one.fileName) == "libtrivial.so" &&
           std::string(other.fileName) == "waits-in-initialize" &&
           control_of(plugin_file("trivial")).initializations() == 1;
}

void a_child_forked_while_another_thread_loads_loads_what_is_left(void**) {
    const Configured configured(line("a", plugin_file("trivial")) +
                                line("b", plugin_file("waits-in-initialize")));
    const Pipe inside, door, door_of_the_child;
    ::setenv("WAITS_INSIDE", std::to_string(inside.ends[1]).c_str(), 1);
    ::setenv("WAITS_FOR", std::to_string(door.ends[0]).c_str(), 1);
    const int status = status_of_child([&] { // a process that has not loaded the library
        ::alarm(20);
        bool good = true;
        std::thread loading([&] { good = both_are_loaded(); });
        if (!inside.get()) ::_exit(1);
        const int status_of_its_child = status_of_child([&] {
            ::alarm(10);
            ::setenv("WAITS_FOR", std::to_string(door_of_the_child.ends[0]).c_str(), 1);
            ::_exit(door_of_the_child.put() && both_are_loaded() ? 0 : 1);
        });
        if (!door.put()) ::_exit(2);
        loading.join();
        if (status_of_its_child != 0) ::_exit(3);
        ::_exit(good ? 0 : 4);
    });
    assert_int_equal(status, 0);
}

int terminations = 0;

// The parent was at its first plugin: the child inherits none.
void what_only_a_child_has_loaded_is_terminated_there(void**) {
    const Configured configured(line("a", plugin_file("waits-in-initialize")) +
                                line("b", plugin_file("trivial")));
    const Pipe inside, door, door_of_the_child;
    ::setenv("WAITS_INSIDE", std::to_string(inside.ends[1]).c_str(), 1);
    ::setenv("WAITS_FOR", std::to_string(door.ends[0]).c_str(), 1);
    const int status = status_of_child([&] { // a process that has not loaded the library
        ::alarm(20);
        int count = 0, count_of_the_child = 0;
        std::thread loading([&] { count_plugins(count); });
        if (!inside.get()) ::_exit(1);
        const int status_of_its_child = status_of_child([&] {
            ::alarm(10);
            std::atexit([] { ::_exit(terminations == 1 ? 0 : 1); }); // after the library's
            ::setenv("WAITS_FOR", std::to_string(door_of_the_child.ends[0]).c_str(), 1);
            if (!door_of_the_child.put()) ::_exit(2);
            if (count_plugins(count_of_the_child) != MP_STATUS_SUCCESS) ::_exit(3);
            control_of(plugin_file("trivial")).count_terminations_in(&terminations);
            std::exit(4);
        });
        if (!door.put()) ::_exit(2);
        loading.join();
        ::_exit(status_of_its_child == 0 && count == 2 ? 0 : 3);
    });
    assert_int_equal(status, 0);
}

void the_example_shows_what_there_is(void**) {
    const Configured configured(line("a", plugin_file("trivial")));
    assert_text_equal(output_of(SHOW_MULTIPATH), "Library libMPAPI.so.1 by mpapi, API version 1\n"
                                                 "Plugin libtrivial.so by trivial vendor\n"
                                                 "  /dev/trivial/1, TRIVIAL , 2 paths\n"
                                                 "    initiator 1 - target 1, okay\n"
                                                 "    initiator 2 - target 2, okay\n"
                                                 "  /dev/trivial/2, TRIVIAL , 2 paths\n"
                                                 "    initiator 1 - target 1, okay\n"
                                                 "    initiator 2 - target 2, okay\n");
}

enum : MP_UINT32 { linked_back = 1, calls_itself, careless, throwing };

void load_odd_plugins(void**) {
    static const Configured configured(
        line("a", plugin_file("linked-back")) + line("b", plugin_file("calls-itself")) +
        line("c", plugin_file("careless-results")) + line("d", plugin_file("throwing")));
    MP_OID_LIST* list = nullptr;
    assert_int_equal(MP_GetPluginOidList(&list), MP_STATUS_SUCCESS);
    assert_int_equal(list->oidCount, 4);
    assert_int_equal(MP_FreeOidList(list), MP_STATUS_SUCCESS);
}

// Trap 2: dlsym would find the library's own function through the plugin's dependency.
void a_plugin_linked_with_the_library_lends_it_no_functions(void**) {
    MP_TARGET_PORT_PROPERTIES properties;
    assert_int_equal(
        MP_GetTargetPortProperties(oid_of(MP_OBJECT_TYPE_TARGET_PORT, linked_back, 1), &properties),
        MP_STATUS_UNSUPPORTED);
    assert_int_equal(MP_EnablePath(oid_of(MP_OBJECT_TYPE_PATH_LU, linked_back, 1)),
                     MP_STATUS_UNSUPPORTED);
    assert_int_equal(MP_EnableAutoProbing(oid_of(MP_OBJECT_TYPE_PLUGIN, linked_back, 0)),
                     MP_STATUS_UNSUPPORTED);
    assert_int_equal(
        MP_RegisterForObjectPropertyChanges([](MP_OID_LIST*, void*) {}, MP_OBJECT_TYPE_PLUGIN,
                                            nullptr, oid_of(MP_OBJECT_TYPE_PLUGIN, linked_back, 0)),
        MP_STATUS_UNSUPPORTED);
}

// Trap 1: the plugin's call of its own function arrives at the library, which holds nothing.
void a_plugin_whose_own_call_is_interposed_is_answered(void**) {
    MP_OID_LIST* list = nullptr;
    assert_int_equal(
        MP_GetTargetPortOidList(oid_of(MP_OBJECT_TYPE_TARGET_PORT_GROUP, calls_itself, 1), &list),
        MP_STATUS_TRY_AGAIN); // that it was its own, it says by this
}

void a_success_without_a_list_is_a_failure(void**) {
    MP_OID_LIST* list = nullptr;
    assert_int_equal(MP_GetMultipathLus(oid_of(MP_OBJECT_TYPE_PLUGIN, careless, 0), &list),
                     MP_STATUS_FAILED);
}

void what_a_plugin_writes_before_it_fails_goes_nowhere(void**) {
    MP_TARGET_PORT_PROPERTIES properties, before;
    std::memset(&before, 0x5a, sizeof before);
    properties = before;
    assert_int_equal(
        MP_GetTargetPortProperties(oid_of(MP_OBJECT_TYPE_TARGET_PORT, careless, 1), &properties),
        MP_STATUS_OBJECT_NOT_FOUND);
    assert_memory_equal(&properties, &before, sizeof before);
}

void an_exception_of_a_plugin_is_a_status(void**) {
    assert_int_equal(MP_EnablePath(oid_of(MP_OBJECT_TYPE_PATH_LU, throwing, 1)), MP_STATUS_FAILED);
    assert_int_equal(MP_DisablePath(oid_of(MP_OBJECT_TYPE_PATH_LU, throwing, 1)),
                     MP_STATUS_INSUFFICIENT_MEMORY);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(without_a_configuration_there_are_no_plugins),
        cmocka_unit_test(owners_are_counted_in_the_order_of_successful_loads),
        cmocka_unit_test(what_is_no_plugin_is_left_out),
        cmocka_unit_test(one_file_under_two_ids_is_one_plugin),
        cmocka_unit_test(more_than_64_plugins_are_loaded),
        cmocka_unit_test(odd_lines_hang_nobody_and_hide_nobody),
        cmocka_unit_test(what_a_plugin_calls_while_it_is_initialized_sees_no_plugins),
        cmocka_unit_test(a_privileged_program_does_not_heed_the_variable),
        cmocka_unit_test(a_shortage_at_the_first_call_is_told_and_the_next_call_tries_again),
        cmocka_unit_test(a_child_forked_while_another_thread_loads_loads_what_is_left),
        cmocka_unit_test(what_only_a_child_has_loaded_is_terminated_there),
        cmocka_unit_test(the_example_shows_what_there_is),
        // From here on this process is a client itself.
        cmocka_unit_test(load_odd_plugins),
        cmocka_unit_test(a_plugin_linked_with_the_library_lends_it_no_functions),
        cmocka_unit_test(a_plugin_whose_own_call_is_interposed_is_answered),
        cmocka_unit_test(a_success_without_a_list_is_a_failure),
        cmocka_unit_test(what_a_plugin_writes_before_it_fails_goes_nowhere),
        cmocka_unit_test(an_exception_of_a_plugin_is_a_status),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
