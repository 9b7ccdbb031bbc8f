// SPDX-License-Identifier: LGPL-2.1-or-later
//
// MP_RegisterPlugin and MP_DeregisterPlugin, and the file they leave behind.
#include "tests/unit/library/world.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>
#include <vector>

using namespace mpapi::library;

namespace {

MP_STATUS add(std::wstring id, std::string file) {
    return MP_RegisterPlugin(id.data(), file.data());
}

MP_STATUS remove(std::wstring id) {
    return MP_DeregisterPlugin(id.data());
}

mode_t mode_of(const std::string& file) {
    struct stat status {};
    assert_int_equal(::stat(file.c_str(), &status), 0);
    return status.st_mode & 07777;
}

// A folder without a configuration, and a file that could be a plugin.
struct Place : Configured {
    std::string file = *this / "plugin.so";
    Place()
      : Configured("") {
        std::filesystem::remove(*this / "mpapi.conf");
        write("plugin.so", "");
    }
    std::string configuration() const { return read("mpapi.conf"); }
};

void bad_arguments_change_nothing(void**) {
    const Place place;
    std::wstring id = L"org.example.x";
    std::string file = place.file;
    assert_int_equal(MP_RegisterPlugin(nullptr, file.data()), MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(MP_RegisterPlugin(id.data(), nullptr), MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(MP_DeregisterPlugin(nullptr), MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(add(L"", place.file), MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(add(std::wstring(256, L'x'), place.file), MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(add(L"two words", place.file), MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(add(L"line\nbreak", place.file), MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(add(L"#comment", place.file), MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(add(id, "plugin.so"), MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(add(id, place / "missing.so"), MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(add(id, place / "."), MP_STATUS_INVALID_PARAMETER); // a folder
    assert_int_equal(place.files(), 1);
}

void the_first_plugin_creates_the_file(void**) {
    const Place place;
    const mode_t before = ::umask(0077);
    assert_int_equal(add(L"org.example.x", place.file), MP_STATUS_SUCCESS);
    ::umask(before);
    assert_int_equal(mode_of(place / "mpapi.conf"), 0644);
    assert_true(place.configuration().starts_with("#"));
    assert_true(place.configuration().ends_with("\norg.example.x\t" + place.file + "\n"));
    assert_int_equal(place.files(), 3); // the plugin, the file, its lock
    assert_int_equal(mode_of(place / ".mpapi.conf.lock"), 0600);
}

void registering_again_gives_the_plugin_its_new_path(void**) {
    const Place place;
    place.write("other.so", "");
    assert_int_equal(add(L"org.example.x", place.file), MP_STATUS_SUCCESS);
    assert_int_equal(add(L"org.example.x", place / "other.so"), MP_STATUS_SUCCESS);
    assert_true(place.configuration().ends_with("\norg.example.x\t" + (place / "other.so") + "\n"));
    assert_true(place.configuration().find(place.file) == std::string::npos);
}

void an_id_that_begins_another_is_another(void**) {
    const Place place;
    assert_int_equal(add(L"org.example.mpfake", place.file), MP_STATUS_SUCCESS);
    assert_int_equal(remove(L"org.example.mpf"), MP_STATUS_UNKNOWN_FN);
    assert_int_equal(add(L"org.example.mpf", place.file), MP_STATUS_SUCCESS);
    assert_int_equal(remove(L"org.example.mpf"), MP_STATUS_SUCCESS);
    assert_true(place.configuration().ends_with("\norg.example.mpfake\t" + place.file + "\n"));
}

void a_removed_plugin_leaves_a_file_that_everybody_can_read(void**) {
    const Place place;
    assert_int_equal(add(L"org.example.x", place.file), MP_STATUS_SUCCESS);
    assert_int_equal(::chmod((place / "mpapi.conf").c_str(), 0600), 0);
    assert_int_equal(remove(L"org.example.x"), MP_STATUS_SUCCESS);
    assert_int_equal(mode_of(place / "mpapi.conf"), 0644);
    assert_int_equal(remove(L"org.example.x"), MP_STATUS_UNKNOWN_FN);
    assert_int_equal(place.files(), 3);
}

void an_unknown_plugin_and_a_missing_file_are_unknown(void**) {
    const Place place;
    assert_int_equal(remove(L"org.example.x"), MP_STATUS_UNKNOWN_FN);
    place.write("mpapi.conf", "");
    assert_int_equal(remove(L"org.example.x"), MP_STATUS_UNKNOWN_FN);
    assert_int_equal(remove(std::wstring(300, L'x')), MP_STATUS_UNKNOWN_FN);
    assert_int_equal(place.files(), 2); // nor is a lock made where nothing changes
    ::setenv("MPAPI_CONF", (place / "no/such/folder").c_str(), 1);
    assert_int_equal(remove(L"org.example.x"), MP_STATUS_UNKNOWN_FN);
}

void other_lines_survive(void**) {
    const Place place;
    place.write("mpapi.conf", "# by hand\n  a /x \nodd line\n\xff\xfe\n");
    assert_int_equal(add(L"org.m\u00fcller", place.file), MP_STATUS_SUCCESS);
    assert_int_equal(remove(L"a"), MP_STATUS_SUCCESS);
    assert_text_equal(place.configuration(),
                      "# by hand\nodd line\n\xff\xfe\norg.m\xc3\xbcller\t" + place.file + "\n");
}

void a_symbolic_link_stays_one(void**) {
    const Place place;
    place.write("real.conf", "");
    std::filesystem::create_symlink(place / "real.conf", place / "mpapi.conf");
    assert_int_equal(add(L"org.example.x", place.file), MP_STATUS_SUCCESS);
    assert_true(std::filesystem::is_symlink(place / "mpapi.conf"));
    assert_true(place.read("real.conf").ends_with("org.example.x\t" + place.file + "\n"));
}

void what_is_no_configuration_is_left_alone(void**) {
    const Place place;
    assert_int_equal(::mkfifo((place / "mpapi.conf").c_str(), 0600), 0);
    assert_int_equal(add(L"org.example.x", place.file), MP_STATUS_FAILED);
    std::filesystem::remove(place / "mpapi.conf");
    place.write("mpapi.conf", std::string((1 << 20) + 1, '\n'));
    assert_int_equal(add(L"org.example.x", place.file), MP_STATUS_FAILED);
    assert_int_equal(remove(L"org.example.x"), MP_STATUS_FAILED);
    assert_int_equal(place.configuration().size(), (1 << 20) + 1);
    ::setenv("MPAPI_CONF", (place / "no/such/folder").c_str(), 1);
    assert_int_equal(add(L"org.example.x", place.file), MP_STATUS_FAILED);
    assert_int_equal(place.files(), 3);
}

// Nobody would read a file that is larger, and nobody could take the plugin out again.
void a_plugin_that_does_not_fit_is_refused(void**) {
    const Place place;
    const std::string full((1 << 20) - 10, '\n');
    place.write("mpapi.conf", full);
    assert_int_equal(add(L"org.example.x", place.file), MP_STATUS_FAILED);
    assert_true(place.configuration() == full);
    assert_int_equal(place.files(), 3);
}

void a_thread_that_is_cancelled_finishes_what_it_began(void**) {
    const Place place;
    const auto cancelled = [&](auto work) {
        std::thread thread([&] {
            ::pthread_cancel(::pthread_self());
            work();
        });
        thread.join();
    };
    cancelled([&] { add(L"org.example.x", place.file); });
    assert_true(place.configuration().ends_with("org.example.x\t" + place.file + "\n"));
    assert_int_equal(place.files(), 3);
    cancelled([] { remove(L"org.example.x"); });
    assert_true(place.configuration().find("org.example.x") == std::string::npos);
    assert_int_equal(place.files(), 3);
}

// A reader sees a whole file at every moment, and no change of a writer is lost.
void writers_take_turns_and_readers_never_see_half_a_file(void**) {
    const Place place;
    assert_int_equal(add(L"first", place.file), MP_STATUS_SUCCESS);
    std::atomic<bool> done{false};
    std::atomic<int> broken{0};
    std::thread reader([&] {
        while (!done) {
            const std::string text = place.configuration();
            if (!text.starts_with("#") || !text.ends_with("plugin.so\n")) ++broken;
        }
    });
    std::vector<std::thread> writers;
    writers.reserve(4);
    for (int writer = 0; writer < 4; ++writer)
        writers.emplace_back([&, writer] {
            for (int turn = 0; turn < 10; ++turn) {
                const auto id = L"id" + std::to_wstring(writer) + L"." + std::to_wstring(turn);
                if (add(id, place.file) != MP_STATUS_SUCCESS) ++broken;
                if (turn % 2 != 0 && remove(id) != MP_STATUS_SUCCESS) ++broken;
            }
        });
    for (auto& writer : writers)
        writer.join();
    done = true;
    reader.join();
    assert_int_equal(broken, 0);
    std::istringstream text(place.configuration());
    std::set<std::string> ids;
    for (std::string line; std::getline(text, line);)
        if (line.starts_with("id")) ids.insert(line.substr(0, line.find('\t')));
    assert_int_equal(ids.size(), 20);
}

void a_writer_waits_for_one_in_another_process(void**) {
    const Place place;
    assert_int_equal(add(L"first", place.file), MP_STATUS_SUCCESS);
    std::vector<pid_t> children;
    for (int child = 0; child < 4; ++child) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            for (int turn = 0; turn < 10; ++turn)
                if (add(L"id" + std::to_wstring(child) + L"." + std::to_wstring(turn),
                        place.file) != MP_STATUS_SUCCESS)
                    ::_exit(1);
            ::_exit(0);
        }
        children.push_back(pid);
    }
    for (const pid_t pid : children) {
        int status = -1;
        assert_int_equal(::waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    const std::string text = place.configuration();
    assert_int_equal(std::count(text.begin(), text.end(), '\t'), 41);
}

void registering_does_not_concern_a_running_instance(void**) {
    const Configured place("org.example.one\t" + plugin_file("trivial") + "\n");
    assert_int_equal(add(L"org.example.two", plugin_file("linked-back")), MP_STATUS_SUCCESS);
    assert_int_equal(remove(L"org.example.one"), MP_STATUS_SUCCESS);
    MP_OID_LIST* list = nullptr;
    assert_int_equal(MP_GetPluginOidList(&list), MP_STATUS_SUCCESS);
    assert_int_equal(list->oidCount, 1);
    MP_PLUGIN_PROPERTIES properties;
    assert_int_equal(MP_GetPluginProperties(list->oids[0], &properties), MP_STATUS_SUCCESS);
    assert_string_equal(properties.fileName, "libtrivial.so");
    assert_int_equal(MP_FreeOidList(list), MP_STATUS_SUCCESS);
    assert_text_equal(output_of(LIST_PLUGINS), "1 linked-back\n");
}

} // namespace

int main(int argc, char** argv) {
    // An instance keeps what it found at its first registration: a process of its own.
    if (argc > 1 && std::string(argv[1]) == "running") {
        const CMUnitTest tests[] = {
            cmocka_unit_test(registering_does_not_concern_a_running_instance)};
        return cmocka_run_group_tests(tests, nullptr, nullptr);
    }
    const CMUnitTest tests[] = {
        cmocka_unit_test(bad_arguments_change_nothing),
        cmocka_unit_test(the_first_plugin_creates_the_file),
        cmocka_unit_test(registering_again_gives_the_plugin_its_new_path),
        cmocka_unit_test(an_id_that_begins_another_is_another),
        cmocka_unit_test(a_removed_plugin_leaves_a_file_that_everybody_can_read),
        cmocka_unit_test(an_unknown_plugin_and_a_missing_file_are_unknown),
        cmocka_unit_test(other_lines_survive),
        cmocka_unit_test(a_symbolic_link_stays_one),
        cmocka_unit_test(what_is_no_configuration_is_left_alone),
        cmocka_unit_test(a_plugin_that_does_not_fit_is_refused),
        cmocka_unit_test(a_thread_that_is_cancelled_finishes_what_it_began),
        cmocka_unit_test(writers_take_turns_and_readers_never_see_half_a_file),
        cmocka_unit_test(a_writer_waits_for_one_in_another_process),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
