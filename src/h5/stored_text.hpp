#pragma once
#include <functional>
#include <string>
#include <vector>

#include "h5/column.hpp"
#include "h5/handle.hpp"

namespace medpfl::h5 {

/// Texts as files hold them: UTF-8, made of others by escaped(), all as long as the longest, with
/// zeros behind. Text of variable length, which files of earlier versions hold, makes HDF5 run
/// beyond its memory where such a file is damaged.
struct StoredTexts {
  explicit StoredTexts(const std::vector<std::string>& texts);

  Handle type;              ///< of a text in the file
  size_t size;              ///< bytes of a text
  std::vector<char> bytes;  ///< all texts, one behind the other

 private:
  struct Escaped {};
  StoredTexts(const std::vector<std::string>& texts, Escaped);
};

/// Returns the texts of a dataset or an attribute, the `object`, of the type `stored` over `space`,
/// of fixed or variable length; read(type, to) reads them all as `type`. Throws FormatError where
/// they are no text.
Column<std::string> read_stored_texts(hid_t object, hid_t stored, hid_t space,
                                      const std::string& where,
                                      const std::function<void(hid_t, void*)>& read);

}  // namespace medpfl::h5
