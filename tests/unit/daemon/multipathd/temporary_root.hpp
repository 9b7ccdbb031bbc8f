// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A folder that stands for "/" while a test runs.
#pragma once

#include "tests/unit/cmocka.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace mpapi::multipathd {

class TemporaryRoot {
  public:
    TemporaryRoot() {
        std::string name = (std::filesystem::temp_directory_path() / "mpapi-root-XXXXXX").string();
        assert_non_null(::mkdtemp(name.data()));
        path_ = name;
        std::filesystem::create_directories(path_ / "etc");
        std::filesystem::create_directories(path_ / "run");
    }
    ~TemporaryRoot() { std::filesystem::remove_all(path_); }
    TemporaryRoot(const TemporaryRoot&) = delete;
    TemporaryRoot& operator=(const TemporaryRoot&) = delete;

    std::string path() const { return path_.string(); }
    // Its folder is made with it. As editors do: written beside, then put in its place.
    void write(const std::string& name, std::string_view text) const {
        const auto place = path_ / name;
        std::filesystem::create_directories(place.parent_path());
        auto beside = place;
        beside += "~";
        std::ofstream(beside) << text;
        std::filesystem::rename(beside, place);
    }
    void remove(const std::string& name) const { std::filesystem::remove_all(path_ / name); }

  private:
    std::filesystem::path path_;
};

} // namespace mpapi::multipathd
