// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/disks/tools_version.hpp"

#include "tests/unit/cmocka.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

using namespace mpapi;
using namespace mpapi::node;
using namespace std::chrono_literals;

namespace {

class World {
  public:
    World() {
        assert_non_null(::mkdtemp(folder_.data()));
        sd_event* raw = nullptr;
        assert_int_equal(sd_event_new(&raw), 0);
        loop_.reset(raw);
    }
    ~World() { std::filesystem::remove_all(folder_); }

    // A program that does this.
    std::string program(const std::string& script) const {
        const std::string path = folder_ + "/multipath";
        std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return path;
    }
    sd_event* loop() const { return loop_.get(); }
    std::string asked(ToolsVersion& tools) const {
        std::optional<std::string> got;
        tools.ask([&](const std::string& version) { got = version; });
        while (!got)
            if (sd_event_run(loop(), 20'000'000) <= 0) fail_msg("no answer in 20 s");
        return *got;
    }
    std::string asked(const std::string& script) const {
        ToolsVersion tools(loop(), program(script));
        return asked(tools);
    }

  private:
    std::string folder_ = (std::filesystem::temp_directory_path() / "mpapi-tools-XXXXXX").string();
    EventLoop loop_;
};

void the_version_is_found_in_the_text(void**) {
    assert_text_equal(tools_version("multipath-tools v0.9.4 (12/19, 2022)\nUsage:\n"), "0.9.4");
    assert_text_equal(tools_version("a warning\nmultipath-tools v0.10.0"), "0.10.0");
    for (const char* text : {"", "multipath-tools v", "multipath-tools vX", "need to be root\n"})
        assert_text_equal(tools_version(text), "");
}

void it_is_told_on_either_output_whatever_the_status(void**) {
    World world;
    assert_text_equal(world.asked("echo 'multipath-tools v0.9.4 (12/19, 2022)' >&2; exit 1"),
                      "0.9.4");
    assert_text_equal(world.asked("[ \"$1\" = -h ] && echo 'multipath-tools v0.8'"), "0.8");
}

void one_that_is_not_there_or_does_not_tell_has_none(void**) {
    World world;
    ToolsVersion missing(world.loop(), "/nonexistent/multipath");
    assert_text_equal(world.asked(missing), "");
    assert_text_equal(world.asked("exit 0"), "");
    assert_text_equal(world.asked("kill -9 $$"), "");
}

void one_that_does_not_end_is_ended(void**) {
    World world;
    ToolsVersion tools(world.loop(), world.program("echo multipath-tools v1.0; exec sleep 1000"),
                       100ms);
    assert_text_equal(world.asked(tools), "");
    assert_text_equal(world.asked(tools), "");
}

void who_asks_meanwhile_gets_the_same_answer(void**) {
    World world;
    ToolsVersion tools(world.loop(), world.program("echo multipath-tools v1.0"));
    std::string first;
    tools.ask([&](const std::string& version) { first = version; });
    assert_text_equal(world.asked(tools), "1.0");
    assert_text_equal(first, "1.0");
}

void letting_go_of_it_leaves_nothing_behind(void**) {
    World world;
    bool told = false;
    {
        ToolsVersion tools(world.loop(), world.program("exec sleep 1000"));
        tools.ask([&](const std::string&) { told = true; });
    }
    while (sd_event_run(world.loop(), 0) > 0) {
    }
    assert_false(told);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_version_is_found_in_the_text),
        cmocka_unit_test(it_is_told_on_either_output_whatever_the_status),
        cmocka_unit_test(one_that_is_not_there_or_does_not_tell_has_none),
        cmocka_unit_test(one_that_does_not_end_is_ended),
        cmocka_unit_test(who_asks_meanwhile_gets_the_same_answer),
        cmocka_unit_test(letting_go_of_it_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
