@testable import Primitives
import Testing

private func bytes(_ count: Int, _ random: inout RandomGenerator) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
}

@Suite struct BlockTests {
    @Test func sharingAndUniqueness() {
        var block = Block(copying: [UInt8]("abc").rawSpan)
        let alone = block.isUnique
        #expect(alone)
        do {
            let second = block.share()
            let unique = block.isUnique || second.isUnique
            #expect(!unique)
            let third = second.share()
            let text = third.bytes.array
            #expect(text == [UInt8]("abc"))
        }
        let aloneAgain = block.isUnique
        #expect(aloneAgain)
        let shared = block.share()
        block = block.reserving(1000)
        let separate = block.isUnique && shared.isUnique
        #expect(separate)
        block.append([UInt8]("def").rawSpan)
        let texts = [block.bytes.array, shared.bytes.array]
        #expect(texts == [[UInt8]("abcdef"), [UInt8]("abc")])
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func behavesAsAnArray(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        var block = Block(capacity: 0)
        var model: [UInt8] = []
        for step in 0..<2000 {
            switch random.below(6) {
            case 0, 1:
                let piece = bytes(random.below(200), &random)
                if piece.count > block.capacity - block.count { block = block.reserving(model.count + piece.count) }
                block.append(piece.rawSpan)
                model += piece
            case 2:
                let count = random.below(block.capacity + 1)
                block.resize(count)
                model = Array(model.prefix(count)) + [UInt8](repeating: 0, count: max(0, count - model.count))
            case 3:
                let offset = random.below(model.count + 1)
                let piece = bytes(random.below(model.count - offset + 1), &random)
                block.overwrite(at: offset, with: piece.rawSpan)
                model.replaceSubrange(offset..<offset + piece.count, with: piece)
            case 4:
                let dropped = random.below(model.count + 1) / 4
                block.removeFirst(dropped)
                model.removeFirst(dropped)
            default:
                block = block.reserving(random.below(5000))
            }
            let got = block.bytes.array
            #expect(got == model, "seed \(seed), step \(step)")
        }
    }

    @Test func sizeClasses() {
        #expect([1, 8, 9, 16, 17, 128, 129, 160, 161, 1024, 1025].map(SizeClass.rounded) == [8, 8, 16, 16, 32, 128, 160, 160, 192, 1024, 1280])
        var last = 0
        for count in 1...70_000 {
            let rounded = SizeClass.rounded(count)
            #expect(rounded >= count && rounded >= last && SizeClass.rounded(rounded) == rounded, "\(count)")
            last = rounded
        }
    }
}

/// A writer and a chain beside the arrays that they should equal.
private struct Model: ~Copyable {
    var writer = ByteWriter()
    var chain = ByteChain()
    var written: [UInt8] = []
    var queued: [UInt8] = []
    var random: RandomGenerator

    init(seed: UInt64) { random = RandomGenerator(seed: seed) }

    mutating func write() {
        switch random.below(8) {
        case 0:
            let byte = UInt8(truncatingIfNeeded: random.next())
            writer.append(byte)
            written.append(byte)
        case 1, 2:
            let piece = bytes(random.below(300), &random)
            writer.append(piece.rawSpan)
            written += piece
        case 3 where random.below(4) == 0:
            let piece = bytes(ByteWriter.largeBytes - 10 + random.below(ByteWriter.arenaBytes), &random)
            writer.append(piece.rawSpan)
            written += piece
        case 4:
            let value = Int(truncatingIfNeeded: random.next()) >> random.below(64)
            writer.appendHeader(58, value)
            written += [UInt8](":\(value)\r\n")
        case 5:
            let piece = bytes(random.below(10) == 0 ? 20_000 : random.below(140), &random)
            writer.appendBulk(piece.rawSpan)
            written += [UInt8]("$\(piece.count)\r\n") + piece + [13, 10]
        case 6:
            let piece = bytes(1 + random.below(100), &random)
            let start = random.below(piece.count)
            writer.append(sharing: Block(copying: piece.rawSpan), start, piece.count)
            written += piece[start...]
        default:
            writer.append(literal: "literal")
            writer.appendNewline()
            written += [UInt8]("literal\r\n")
        }
    }

    mutating func aggregate(_ depth: Int) {
        let mark = writer.mark()
        let place = written.count
        let count = random.below(4)
        for _ in 0..<count { if depth < 3, random.below(3) == 0 { aggregate(depth + 1) } else { write() } }
        writer.insertHeader(42, count, at: mark)
        written.insert(contentsOf: [UInt8]("*\(count)\r\n"), at: place)
    }

    mutating func step() {
        switch random.below(20) {
        case 0..<9: write()
        case 9..<11: aggregate(0)
        case 11:
            writer.discard()
            written = []
        case 12..<14:
            writer.cut(into: &chain)
            queued += written
            written = []
        case 14: writer.recycle()
        case 15: chain.compact()
        case 16:
            if let segment = chain.popFirst() {
                let got = segment.bytes.array
                #expect(got[...] == queued.prefix(got.count))
                queued.removeFirst(got.count)
            }
        case 17:
            var other = ByteChain()
            let piece = bytes(random.below(100), &random)
            other.append(piece.rawSpan)
            other.append(piece.rawSpan)
            chain.append(other)
            queued += piece + piece
        default:
            let dropped = random.below(queued.count + 1)
            chain.removeFirst(dropped)
            queued.removeFirst(dropped)
        }
    }

    func check(_ note: String) {
        let counts = [writer.count, chain.count, chain.isEmpty ? 0 : 1]
        #expect(counts == [written.count, queued.count, queued.isEmpty ? 0 : 1], Comment(rawValue: note))
        let same = chain.array == queued
        #expect(same, Comment(rawValue: note))
    }
}

@Suite struct WriterTests {
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func writerAndChainBehaveAsArrays(seed: UInt64) {
        var model = Model(seed: seed)
        for step in 0..<400 {
            model.step()
            model.check("seed \(seed), step \(step)")
        }
    }

    @Test func removeFirstAtEveryOffset() {
        var random = RandomGenerator(seed: 7)
        let pieces = [1, 2, 5, 3, 4].map { bytes($0, &random) }
        let all = pieces.flatMap { $0 }
        for offset in 0...all.count {
            var chain = ByteChain()
            for piece in pieces { chain.append(piece.rawSpan) }
            chain.removeFirst(offset)
            let rest = chain.array
            #expect(rest == Array(all[offset...]), "offset \(offset)")
            chain.append([UInt8]("z").rawSpan)
            let more = chain.array
            #expect(more == Array(all[offset...]) + [122], "offset \(offset)")
        }
    }

    @Test func droppingTheEndOfWhatIsWritten() {
        let piece = [UInt8](repeating: 7, count: 20_000)
        for keep in [0, 1, 5, 6, 10_000, 20_005, 20_006, 20_008] {
            var writer = ByteWriter()
            writer.append([UInt8]("small").rawSpan)
            writer.append(UInt8(1))
            writer.append(piece.rawSpan)
            writer.append([UInt8]("xy").rawSpan)
            let all = [UInt8]("small") + [1] + piece + [UInt8]("xy")
            writer.discard(behind: keep)
            writer.append([UInt8]("end").rawSpan)
            var chain = ByteChain()
            writer.cut(into: &chain)
            let got = chain.array
            #expect(got == Array(all.prefix(keep)) + [UInt8]("end"), "keep \(keep)")
        }
    }

    /// A queue that is never empty must not remember what it has passed on.
    @Test func longLivedChainForgetsWhatWasTaken() {
        var chain = ByteChain()
        let piece = [UInt8](repeating: 1, count: 10)
        for _ in 0..<20 { chain.append(piece.rawSpan) }
        for _ in 0..<20_000 {
            chain.append(piece.rawSpan)
            chain.removeFirst(10)
        }
        let counts = (chain.segmentCount, chain.count, chain.slotCount)
        #expect(counts.0 == 20)
        #expect(counts.1 == 200)
        #expect(counts.2 < 200)
    }
}
