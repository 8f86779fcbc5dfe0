import Engine
import Networking
import System

/// The settings of the process's allocator, as DEBUG shows them.
struct Allocator: AllocatorSettings {
    func number(_ name: String) -> (value: Int64, problem: String?) {
        let (value, failure) = MemoryMeter.allocatorValue(name)
        return (value, Self.problem(failure))
    }

    func setNumber(_ name: String, _ value: Int64) -> String? { Self.problem(MemoryMeter.setAllocatorValue(name, value)) }

    func text(_ name: String) -> (text: String, problem: String?) {
        let (text, failure) = MemoryMeter.allocatorText(name)
        return (text, Self.problem(failure))
    }

    func perform(_ name: String) -> String? { Self.problem(MemoryMeter.tellAllocator(name)) }

    private static func problem(_ failure: Int32) -> String? { failure == 0 ? nil : errorText(failure) }
}
