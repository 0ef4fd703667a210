#pragma once
#include <hdf5.h>

#include <string>
#include <utility>

namespace medpfl::h5 {

/// Owns one HDF5 identifier and closes it once. Move-only.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  /// Takes ownership of `id`. Throws FormatError with HDF5's own error text, `what` and `where`,
  /// when `id` is negative.
  Handle(hid_t id, Close close, const std::string& what, const std::string& where);
  ~Handle() { reset(); }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      reset();
      id_ = std::exchange(other.id_, -1);
      close_ = other.close_;
    }
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  operator hid_t() const { return id_; }  // NOLINT: HDF5 calls take the identifier
  void reset() noexcept {
    if (id_ >= 0) close_(std::exchange(id_, -1));
  }

 private:
  hid_t id_;
  Close close_;
};

/// Throws FormatError with HDF5's own error text when `status` is negative.
void check(herr_t status, const std::string& what, const std::string& where);

/// Stops HDF5 from printing its error stack; errors are thrown instead. To be called once a
/// process.
void prepare_hdf5();

/// Returns the version of the HDF5 library, as "1.10.8".
std::string hdf5_version();

}  // namespace medpfl::h5
