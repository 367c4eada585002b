// SPDX-License-Identifier: GPL-2.0-only
// Objects and arrays on the kernel's heap.
#pragma once

#include "base/result.hpp"
#include "base/span.hpp"
#include "kshim/memory.h"

namespace xen_front {

// Owns one object. Context: creating and destroying may sleep.
template <typename T> class Box {
  public:
    Box() = default;
    // Takes over what release() gave away.
    explicit Box(T *object) : object_(object)
    {
    }
    Box(Box &&other) : object_(exchange(other.object_, nullptr))
    {
    }
    Box &operator=(Box &&other)
    {
        if (this != &other) {
            reset();
            object_ = exchange(other.object_, nullptr);
        }
        return *this;
    }
    ~Box()
    {
        reset();
    }

    // A new T(arguments...) in zeroed memory; NoMemory.
    template <typename... Arguments> static Result<Box> create(Arguments &&...arguments)
    {
        void *memory = kshim_alloc(sizeof(T));
        if (memory == nullptr)
            return Error::NoMemory;
        return Box(new (memory, Placement {}) T(forward<Arguments>(arguments)...));
    }

    void reset()
    {
        if (T *object = exchange(object_, nullptr)) {
            object->~T();
            kshim_free(object);
        }
    }
    T *release()
    {
        return exchange(object_, nullptr);
    }
    T *get() const
    {
        return object_;
    }
    T *operator->() const
    {
        return object_;
    }
    T &operator*() const
    {
        return *object_;
    }
    explicit operator bool() const
    {
        return object_ != nullptr;
    }

  private:
    T *object_ = nullptr;
};

// Owns a number of objects that is known when they are made. T starts out as zeroed memory.
template <typename T> class Array {
  public:
    Array() = default;
    Array(Array &&other)
        : objects_(exchange(other.objects_, nullptr)), count_(exchange(other.count_, size_t { 0 }))
    {
    }
    Array &operator=(Array &&other)
    {
        if (this != &other) {
            reset();
            objects_ = exchange(other.objects_, nullptr);
            count_ = exchange(other.count_, size_t { 0 });
        }
        return *this;
    }
    ~Array()
    {
        reset();
    }

    // @count default-constructed objects; NoMemory.
    static Result<Array> create(size_t count)
    {
        size_t bytes;
        if (__builtin_mul_overflow(count, sizeof(T), &bytes))
            return Error::NoMemory;
        Array array;
        array.objects_ = static_cast<T *>(kshim_alloc(max(bytes, size_t { 1 })));
        if (array.objects_ == nullptr)
            return Error::NoMemory;
        for (; array.count_ < count; array.count_++)
            new (&array.objects_[array.count_], Placement {}) T();
        return move(array);
    }

    Span<T> span() const
    {
        return { objects_, count_ };
    }
    size_t size() const
    {
        return count_;
    }
    T &operator[](size_t index) const
    {
        return objects_[index];
    }
    T *begin() const
    {
        return objects_;
    }
    T *end() const
    {
        return objects_ + count_;
    }

  private:
    void reset()
    {
        while (count_ > 0)
            objects_[--count_].~T();
        kshim_free(exchange(objects_, nullptr));
    }

    T *objects_ = nullptr;
    size_t count_ = 0;
};

} // namespace xen_front
