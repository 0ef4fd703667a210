#pragma once
#include <gtest/gtest.h>

#include <string>

#include "core/archive.hpp"

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

}  // namespace medpfl::archive_trip
