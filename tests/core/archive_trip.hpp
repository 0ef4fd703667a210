#pragma once
#include <gtest/gtest.h>

#include <string>

#include "core/archive.hpp"
#include "core/error.hpp"
#include "refusal.hpp"

namespace medpfl::archive_trip {

/// The bytes of an object's state.
template <class T>
std::string save(T* object) {
  return Archive::write([object](Archive& a) { object->keep(a); });
}

/// Sets `object` to what save() returned. Throws FormatError.
template <class T>
void restore(const std::string& bytes, T* object) {
  Archive::read(bytes, {"state", "resume with another program"},
                [object](Archive& a) { object->keep(a); });
}

/// The state of `object` put into `fresh`, which is saved to the same bytes then.
template <class T>
void expect_same_state(T* object, T* fresh) {
  const std::string bytes = save(object);
  restore(bytes, fresh);
  EXPECT_EQ(save(fresh), bytes);
  EXPECT_EQ(save(object), bytes) << "what is saved does not change";
}

/// The message of the FormatError of restoring `object`; "" where there is none.
template <class T>
std::string refusal(const std::string& bytes, T* object) {
  return medpfl::refusal<FormatError>([&] { restore(bytes, object); });
}

/// The bytes with another version of the outermost object, whose version is its first entry.
inline std::string of_version(std::string bytes, int64_t version) {
  const std::string name = "\x07version";
  // Behind the name: the length of the content, and in that the number of axes.
  const size_t value = bytes.find(name) + name.size() + sizeof(int64_t) + sizeof(uint8_t);
  bytes.replace(value, sizeof version, reinterpret_cast<const char*>(&version), sizeof version);
  return bytes;
}

/// The bytes with an entry renamed, so that it is missing.
inline std::string without(std::string bytes, const std::string& entry) {
  const std::string name = static_cast<char>(entry.size()) + entry;
  bytes.replace(bytes.find(name) + name.size() - 1, 1, "?");
  return bytes;
}

/// A state of another version, or without one of its entries, is one error that names it.
template <class T>
void expect_refusals(T* object, T* fresh, const std::string& entry, int64_t newest = 1) {
  const std::string bytes = save(object), advice = "; resume with another program";
  EXPECT_EQ(refusal(of_version(bytes, newest + 1), fresh),
            "state: the state has version " + std::to_string(newest + 1) +
                ", and this program knows versions 1 to " + std::to_string(newest) + advice);
  EXPECT_EQ(refusal(without(bytes, entry), fresh), "state: the state has no entry '" + entry +
                                                       "', which version " +
                                                       std::to_string(newest) + " needs" + advice);
}

}  // namespace medpfl::archive_trip
