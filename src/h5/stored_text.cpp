#include "h5/stored_text.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "h5/extent.hpp"

namespace medpfl::h5 {
namespace {

Handle text_type(size_t size) {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "make", "a text type");
  check(H5Tset_size(type, size), "make", "a text type");
  check(H5Tset_strpad(type, size == H5T_VARIABLE ? H5T_STR_NULLTERM : H5T_STR_NULLPAD), "make",
        "a text type");
  check(H5Tset_cset(type, H5T_CSET_UTF8), "make", "a text type");
  return type;
}

std::vector<std::string> all_escaped(std::vector<std::string> texts) {
  for (std::string& text : texts) text = escaped(text);
  return texts;
}

// Not 0, which HDF5 refuses.
size_t longest(const std::vector<std::string>& texts) {
  size_t size = 1;
  for (const std::string& text : texts) size = std::max(size, text.size());
  return size;
}

}  // namespace

StoredTexts::StoredTexts(const std::vector<std::string>& texts)
    : StoredTexts(all_escaped(texts), Escaped{}) {}

StoredTexts::StoredTexts(const std::vector<std::string>& texts, Escaped)
    : type(text_type(longest(texts))), size(longest(texts)), bytes(texts.size() * size, '\0') {
  for (size_t i = 0; i < texts.size(); ++i)
    std::copy(texts[i].begin(), texts[i].end(), bytes.begin() + static_cast<long>(i * size));
}

Column<std::string> read_stored_texts(hid_t object, hid_t stored, hid_t space,
                                      const std::string& where,
                                      const std::function<void(hid_t, void*)>& read) {
  if (H5Tget_class(stored) != H5T_STRING) throw FormatError(where + " is no text");
  const size_t size = H5Tget_size(stored);
  const size_t count = count_values(object, space, size + sizeof(std::string), where);
  std::vector<std::string> out;
  if (count == 0) return {out, where};
  if (H5Tis_variable_str(stored) > 0) {
    const Handle type = text_type(H5T_VARIABLE);
    std::vector<char*> raw(count, nullptr);
    read(type, raw.data());
    for (const char* text : raw) out.emplace_back(text == nullptr ? "" : text);
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, raw.data());
    return {out, where};
  }
  std::vector<char> raw(count * size);
  read(text_type(size), raw.data());
  for (size_t i = 0; i < count; ++i) {
    const char* text = raw.data() + i * size;
    out.emplace_back(text, std::find(text, text + size, '\0'));
  }
  return {out, where};
}

}  // namespace medpfl::h5
