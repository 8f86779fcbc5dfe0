import Engine
extension Hashes { static var importDeclarations: [CommandDeclaration] { [] } }
