import Commands
import Engine
import Networking
import Primitives
import System
import Glibc

public struct Server: ~Copyable {
    var engine: Engine
    var loop: EventLoop
    let stop = false
}

public func runServer(port: UInt16) throws {
    var loop = try EventLoop(signals: [SIGTERM, SIGINT])
    try loop.listen(onTCP: "*", port: port, backlog: 511)
    var engine = Engine(Engine.Ingredients(commands: CommandTable(Strings.declarations), time: .machine(), hashSeed: HashSeed(Process.randomWord(), Process.randomWord()), randomSeed: Process.randomWord()))
    var dirty: [SessionID] = []
    while true {
        loop.wait(timeoutMilliseconds: 100)
        while let completion = loop.next() {
            switch completion {
            case .accepted(let id, _, _):
                let session = engine.open(connection: id.raw, peer: Peer(address: "", localAddress: ""))
                loop.setTag(session.raw, of: id)
            case .received(_, let tag):
                engine.receive(loop.received, on: SessionID(raw: tag))
            case .closed(_, let tag):
                engine.close(SessionID(raw: tag))
            case .signal: return
            case .sent(_, let tag, let count): engine.sent(count, on: SessionID(raw: tag))
            default: break
            }
        }
        dirty.removeAll(keepingCapacity: true)
        engine.swapDirtySessions(&dirty)
        for id in dirty {
            var chain = ByteChain()
            guard let target = engine.takeOutput(id, into: &chain) else { continue }
            let sent = loop.send(chain, on: ConnectionID(raw: target.connection), closing: target.closing)
            engine.sent(sent, on: id)
        }
        engine.endTurn()
    }
}
