// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/object_reference.hpp"

#include "clusprep/dcom/packed.hpp"

#include <string>
#include <utility>

namespace mpapi::dcom {

namespace {

constexpr std::uint32_t kSignature = 0x574f454d; // "MEOW"
constexpr std::uint32_t kStandard = 1;           // OBJREF_STANDARD
constexpr std::uint32_t kHandler = 2;            // OBJREF_HANDLER
constexpr std::uint32_t kCustom = 4;             // OBJREF_CUSTOM
constexpr std::uint32_t kExtended = 8;           // OBJREF_EXTENDED

Error malformed(std::string reason) {
    return {"parse object reference", "", std::move(reason)};
}

// Or of a kind that holds one.
Result<StandardObject> parse_standard(PackedReader reader, std::uint32_t kind) {
    StandardObject object;
    object.reference.flags = reader.u32();
    object.reference.public_references = reader.u32();
    object.reference.oxid = reader.u64();
    object.reference.oid = reader.u64();
    object.reference.ipid = reader.guid();
    if (kind == kHandler) reader.guid();
    if (kind == kExtended) reader.u32(); // Signature1
    const std::uint16_t count = reader.u16();
    const std::uint16_t security_offset = reader.u16();
    const auto bytes = reader.bytes(std::size_t{count} * 2);
    if (reader.is_short()) return malformed("a standard reference ends early");
    std::vector<std::uint16_t> entries(count);
    PackedReader words(bytes);
    for (auto& entry : entries)
        entry = words.u16();
    auto resolver = from_entries(entries, security_offset);
    if (!resolver) return std::move(resolver).error();
    object.resolver = *std::move(resolver);
    return object;
}

Result<CustomObject> parse_custom(PackedReader reader) {
    CustomObject object;
    object.clsid = reader.guid();
    const std::uint32_t extension = reader.u32(); // cbExtension
    reader.u32();                                 // ObjectReferenceSize: ignored (2.2.18.6)
    if (reader.is_short()) return malformed("a custom reference ends early");
    if (extension != 0) return malformed("a custom reference with an extension");
    object.data.assign(reader.left().begin(), reader.left().end());
    return object;
}

} // namespace

std::vector<std::uint8_t> build_object_reference(const ObjectReference& reference) {
    PackedWriter writer;
    writer.u32(kSignature);
    if (const auto* standard = std::get_if<StandardObject>(&reference.object)) {
        writer.u32(kStandard);
        writer.guid(reference.iid);
        writer.u32(standard->reference.flags);
        writer.u32(standard->reference.public_references);
        writer.u64(standard->reference.oxid);
        writer.u64(standard->reference.oid);
        writer.guid(standard->reference.ipid);
        const DualStringEntries entries = to_entries(standard->resolver);
        writer.u16(static_cast<std::uint16_t>(entries.entries.size()));
        writer.u16(entries.security_offset);
        for (const std::uint16_t entry : entries.entries)
            writer.u16(entry);
    } else {
        const auto& custom = std::get<CustomObject>(reference.object);
        writer.u32(kCustom);
        writer.guid(reference.iid);
        writer.guid(custom.clsid);
        writer.u32(0);
        // Of the data and of this and the field before it; readers ignore it (2.2.18.6).
        writer.u32(static_cast<std::uint32_t>(custom.data.size()) + 8);
        writer.bytes(custom.data);
    }
    return std::move(writer).take();
}

Result<ObjectReference> parse_object_reference(std::span<const std::uint8_t> bytes) {
    PackedReader reader(bytes);
    const std::uint32_t signature = reader.u32();
    const std::uint32_t kind = reader.u32();
    ObjectReference reference;
    reference.iid = reader.guid();
    if (reader.is_short()) return malformed("shorter than its header");
    if (signature != kSignature) return malformed("has no signature");
    if (kind == kStandard || kind == kHandler || kind == kExtended) {
        auto object = parse_standard(reader, kind);
        if (!object) return std::move(object).error();
        reference.object = *std::move(object);
        return reference;
    }
    if (kind == kCustom) {
        auto object = parse_custom(reader);
        if (!object) return std::move(object).error();
        reference.object = *std::move(object);
        return reference;
    }
    return malformed("is of kind " + std::to_string(kind));
}

} // namespace mpapi::dcom
