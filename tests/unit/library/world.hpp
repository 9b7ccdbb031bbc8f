// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A folder with a configuration of its own, and the plugins that the build made.
#pragma once

#include "tests/unit/cmocka.hpp"
#include "tests/unit/library/plugins/trivial.h"

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace mpapi::library {

class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "mpapi-XXXXXX").string();
        assert_non_null(::mkdtemp(name.data()));
        path_ = name;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string operator/(const std::string& name) const { return (path_ / name).string(); }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name, std::ios::binary) << text;
    }
    std::string read(const std::string& name) const {
        std::ostringstream text;
        text << std::ifstream(path_ / name, std::ios::binary).rdbuf();
        return text.str();
    }
    std::size_t files() const {
        const std::filesystem::directory_iterator all(path_);
        return static_cast<std::size_t>(std::distance(begin(all), end(all)));
    }

  private:
    std::filesystem::path path_;
};

// A folder whose mpapi.conf this process, and those it starts, use from now on.
class Configured : public Folder {
  public:
    explicit Configured(const std::string& text) {
        write("mpapi.conf", text);
        ::setenv("MPAPI_CONF", (*this / "mpapi.conf").c_str(), 1);
    }
};

// The file of a plugin under plugins/.
inline std::string plugin_file(const std::string& name) {
    return PLUGIN_FOLDER "/" + name + ".so";
}

// Inside a trivial plugin that the library has loaded.
inline const TrivialControl& control_of(const std::string& file) {
    void* const handle = ::dlopen(file.c_str(), RTLD_LAZY | RTLD_NOLOAD);
    assert_non_null(handle);
    const void* const control = ::dlsym(handle, "trivial_control");
    assert_non_null(control);
    ::dlclose(handle); // the library holds it
    return *static_cast<const TrivialControl*>(control);
}

// What a program writes; it must end with 0.
inline std::string output_of(const std::string& command) {
    std::FILE* const pipe = ::popen(command.c_str(), "re");
    assert_non_null(pipe);
    std::string text;
    for (int byte; (byte = std::fgetc(pipe)) != EOF;)
        text += static_cast<char>(byte);
    assert_int_equal(::pclose(pipe), 0);
    return text;
}

// Runs `body` in a child and returns how that ended, as waitpid tells it.
template <typename Body>
int status_of_child(Body body) {
    std::fflush(nullptr);
    const pid_t child = ::fork();
    assert_true(child >= 0);
    if (child == 0) body();
    int status = -1;
    assert_int_equal(::waitpid(child, &status, 0), child);
    return status;
}

inline MP_OID oid_of(MP_UINT32 type, MP_UINT32 owner, MP_UINT64 sequence) {
    MP_OID oid{};
    std::memcpy(&oid.objectType, &type, sizeof type); // also what no enumerator says
    oid.ownerId = owner;
    oid.objectSequenceNumber = sequence;
    return oid;
}

} // namespace mpapi::library
