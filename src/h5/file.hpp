#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "h5/column.hpp"
#include "h5/handle.hpp"

namespace medpfl::h5 {

/// The attributes that describe a dataset.
struct Description {
  std::string text;                     ///< attribute `description`
  std::string unit;                     ///< attribute `unit`; "1" for none
  std::vector<std::string> dimensions;  ///< attribute `dimensions`, one name an axis
};

using Shape = std::vector<int64_t>;

/// A block of consecutive rows of a virtual dataset, kept in another file.
struct VirtualBlock {
  std::string file;     ///< relative to the folder of the file that shows it
  std::string dataset;  ///< path in that file
  int64_t rows = 0;

  /// Names its fields; see Archive.
  template <class Fields>
  void keep(Fields& f) {
    f("file", &file);
    f("dataset", &dataset);
    f("rows", &rows);
  }
};

/// An HDF5 file used by one process. Errors are FormatError with HDF5's own text. What is read is
/// refused where it would take more memory than a file of its size can fill.
class File {
 public:
  static File create(const std::string& path);
  /// Opens a file for reading. Throws FormatError where it is missing or not an HDF5 file.
  static File open(const std::string& path);
  /// Flushes and closes, and reports what went wrong (a full disk, say), which a destructor cannot.
  void close();

  /// Writes a dataset and makes the groups it is in. `data` holds the product of `shape` values,
  /// row-major. T: float, c10::Half, c10::BFloat16, double, int64_t, uint8_t, std::string.
  template <class T>
  void write(const std::string& path, const std::vector<T>& data, const Shape& shape,
             const Description& description);
  template <class T>
  void write(const std::string& path, const T* data, const Shape& shape,
             const Description& description);
  void write_text(const std::string& path, const std::string& text, const Description& description);
  /// Writes a virtual dataset, whose rows are blocks of rows in other files, in order.
  template <class T>
  void write_virtual(const std::string& path, const Shape& shape,
                     const std::vector<VirtualBlock>& blocks, const Description& description);
  void make_group(const std::string& path);
  /// Writes a link to `object` in another file, named relative to the folder of this one.
  void write_link(const std::string& path, const std::string& file, const std::string& object);

  void write_attribute(const std::string& object, const std::string& name,
                       const std::string& value);
  void write_attribute(const std::string& object, const std::string& name, double value);
  void write_attribute(const std::string& object, const std::string& name, int64_t value);
  void write_attribute(const std::string& object, const std::string& name,
                       const std::vector<int64_t>& values);
  void write_attribute(const std::string& object, const std::string& name,
                       const std::vector<double>& values);
  void write_attribute(const std::string& object, const std::string& name,
                       const std::vector<std::string>& values);

  const std::string& path() const { return path_; }
  hid_t id() const { return id_; }  ///< for what is not offered here
  bool exists(const std::string& path) const;
  bool has_attribute(const std::string& object, const std::string& name) const;
  /// Returns the names in a group, in alphabetical order.
  std::vector<std::string> names(const std::string& group) const;
  /// Returns the paths of all datasets, those of a group before those of groups in it; links to
  /// other files are not followed.
  std::vector<std::string> datasets() const;
  Column<int64_t> shape(const std::string& path) const;
  template <class T>
  Column<T> read(const std::string& path) const;
  /// Returns a column of a table of `rows`, all `absent` where an earlier version wrote the file
  /// without it.
  template <class T>
  Column<T> read_or(const std::string& path, size_t rows, const T& absent) const {
    if (exists(path)) return read<T>(path);
    return Column<T>(std::vector<T>(rows, absent), where(path));
  }
  /// Returns rows first ... first + count - 1 along the first axis, converted to T where the file
  /// holds another number type.
  template <class T>
  std::vector<T> read_rows(const std::string& path, int64_t first, int64_t count) const;
  /// Returns such rows as the bytes that the file holds, in its own type, which must not be text of
  /// variable length.
  std::vector<char> read_bytes(const std::string& path, int64_t first, int64_t count) const;
  bool is_virtual(const std::string& path) const;
  bool is_text(const std::string& path) const;
  /// Returns the blocks of a virtual dataset, in the order of their rows.
  std::vector<VirtualBlock> virtual_blocks(const std::string& path) const;
  std::string read_text(const std::string& path) const;
  std::string read_text_attribute(const std::string& object, const std::string& name) const;
  Column<int64_t> read_integer_attribute(const std::string& object, const std::string& name) const;
  double read_real_attribute(const std::string& object, const std::string& name) const;
  Column<std::string> read_texts_attribute(const std::string& object,
                                           const std::string& name) const;

 private:
  File(std::string path, Handle id) : path_(std::move(path)), id_(std::move(id)) {}
  std::string where(const std::string& object) const { return path_ + ":" + object; }

  std::string path_;
  Handle id_;
};

/// Writes the attributes of `description` to an open dataset, which `where` names in errors.
void write_description(hid_t dataset, const Description& description, const std::string& where);

}  // namespace medpfl::h5
