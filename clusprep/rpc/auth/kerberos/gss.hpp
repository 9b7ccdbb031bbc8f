// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Owners of what MIT's GSS-API hands out, and its two status words as an Error.
#pragma once

#include "common/result.hpp"

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace mpapi::rpc::gss {

template <typename T, auto Release>
class Handle {
  public:
    Handle() = default;
    Handle(Handle&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)) {}
    Handle& operator=(Handle&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Handle() { release(); }

    T get() const noexcept { return handle_; }
    // For the library to fill, or to go on with.
    T* place() noexcept { return &handle_; }
    explicit operator bool() const noexcept { return handle_ != nullptr; }
    void release() noexcept {
        OM_uint32 minor = 0;
        if (handle_ != nullptr) Release(&minor, &handle_);
    }

  private:
    T handle_ = nullptr;
};

inline OM_uint32 delete_context(OM_uint32* minor, gss_ctx_id_t* context) {
    return ::gss_delete_sec_context(minor, context, GSS_C_NO_BUFFER);
}

using Name = Handle<gss_name_t, ::gss_release_name>;
using Credential = Handle<gss_cred_id_t, ::gss_release_cred>;
using Context = Handle<gss_ctx_id_t, delete_context>;

// A buffer that the library allocated.
class Buffer {
  public:
    Buffer() = default;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() {
        OM_uint32 minor = 0;
        ::gss_release_buffer(&minor, &buffer_);
    }
    gss_buffer_t place() noexcept { return &buffer_; }
    std::span<const std::uint8_t> bytes() const {
        return {static_cast<const std::uint8_t*>(buffer_.value), buffer_.length};
    }
    std::string text() const { return {static_cast<const char*>(buffer_.value), buffer_.length}; }

  private:
    gss_buffer_desc buffer_ = GSS_C_EMPTY_BUFFER;
};

// A view for the library to read; it has no const.
inline gss_buffer_desc view(std::span<const std::uint8_t> bytes) {
    return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())};
}

gss_OID krb5_mechanism();

Error error(const char* action, const std::string& object, OM_uint32 major, OM_uint32 minor);

} // namespace mpapi::rpc::gss
