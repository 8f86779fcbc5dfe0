import Primitives

extension SimulatedDisk.Contents {
    /// How a crash treats what was not synced.
    private enum Fate { case dropped, kept, mixed }

    /// Bytes that a disk writes as one.
    private static var sector: Int { 512 }

    /// The files that are there after a crash, as chance has it: what was synced, and of the rest nothing, all,
    /// or anything, whatever the order in which it was written.
    public func survivors(_ random: inout RandomGenerator) -> [String: [UInt8]] {
        let fate: Fate = [.dropped, .kept, .mixed, .mixed][random.below(4)]
        var names = durableNames
        for change in changes where fate == .kept || fate == .mixed && random.below(2) == 0 {
            for (name, file) in change.names { names[name] = file }
        }
        var survivors: [String: [UInt8]] = [:]
        for (name, file) in names.sorted(by: { $0.key < $1.key }) {
            guard let file = files[file] else { continue }
            switch fate {
            case .dropped: survivors[name] = file.durable
            case .kept: survivors[name] = file.bytes
            case .mixed: survivors[name] = Self.torn(file, &random)
            }
        }
        return survivors
    }

    /// What was synced and some of what follows: up to the border of a sector, perhaps with zeros behind it, where the
    /// length came to the disk ahead of the bytes, or with sectors that came there ahead of others.
    private static func torn(_ file: SimulatedDisk.File, _ random: inout RandomGenerator) -> [UInt8] {
        guard file.bytes.count >= file.durable.count else { return random.below(2) == 0 ? file.durable : file.bytes }
        let written = overwritten(file, &random)
        let unsynced = file.bytes.count - file.durable.count
        guard unsynced > 0 else { return written }
        let first = (file.durable.count + sector) / sector
        let last = (file.bytes.count + sector - 1) / sector
        let end = min(file.bytes.count, (first + random.below(last - first + 1)) * sector)
        let kept = random.below(4) == 0 ? file.durable.count : max(file.durable.count, end)
        var bytes = written + file.bytes[file.durable.count..<kept]
        switch random.below(3) {
        case 0: bytes += [UInt8](repeating: 0, count: random.below(file.bytes.count - kept + 1))
        case 1 where kept < file.bytes.count && hasShortLines(file.bytes[file.durable.count...]):
            for start in stride(from: kept, to: file.bytes.count, by: 1) where start == kept || start % sector == 0 {
                let end = min(file.bytes.count, (start / sector + 1) * sector)
                let isThere = start > kept && random.below(2) == 0
                bytes += isThere ? Array(file.bytes[start..<end]) : [UInt8](repeating: 0, count: end - start)
            }
        default: break
        }
        return bytes
    }

    /// What was synced, with some of the sectors that were written over it since.
    private static func overwritten(_ file: SimulatedDisk.File, _ random: inout RandomGenerator) -> [UInt8] {
        var bytes = file.durable
        for start in stride(from: 0, to: bytes.count, by: sector) {
            let place = start..<min(bytes.count, start + sector)
            if file.bytes[place] != bytes[place], random.below(2) == 0 { bytes.replaceSubrange(place, with: file.bytes[place]) }
        }
        return bytes
    }

    /// Whether no sector lies within a single word: the format has no sums by which lost bytes of a word would show.
    private static func hasShortLines(_ bytes: ArraySlice<UInt8>) -> Bool {
        var length = 0
        for byte in bytes {
            length = byte == 10 ? 0 : length + 1
            if length >= 256 { return false }
        }
        return true
    }
}
